// SPDX-License-Identifier: Apache-2.0
// The pool's rules: what is admitted, in which order, with which texts, and what a block takes out (CometBFT: CListMempool).
#include "app/mempool/pool.hpp"

#include "chain/tx.hpp"
#include "tests/unit/chain/support.hpp"

#include <limits>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::app;
using chain::test::error_of;

namespace {

constexpr std::uint32_t bad = 5;

slice tx_of(std::string_view t) { return slice(to_bytes(t)); }
hash256 id_of(std::string_view t) { return chain::tx_hash(view(t)); }

/// A pool that is asked in the words of a test.
struct bench {
    tx_pool pool;
    explicit bench(pool_limits limits = {}) : pool(limits, height_t(1), 7) {}

    /// "" where the application would be asked.
    std::string admit(std::string_view t, const std::string& sender = "") {
        return error_of(pool.admit(view(t), id_of(t), sender));
    }
    bool checked(std::string_view t, std::uint32_t code = abci::code_ok, std::int64_t gas = 1,
                 const std::string& sender = "") {
        abci::response_check_tx r;
        r.code = code;
        r.gas_wanted = gas;
        return pool.on_checked(tx_of(t), id_of(t), sender, r);
    }
    bool add(std::string_view t, std::int64_t gas = 1, const std::string& sender = "") {
        REQUIRE(admit(t, sender) == "");
        return checked(t, abci::code_ok, gas, sender);
    }
    void commit(const std::vector<std::pair<std::string, std::uint32_t>>& txs,
                std::size_t tx_bytes_max = 0, std::int64_t gas_max = -1) {
        pool_update u;
        u.height = pool.height() + 1;
        for (const auto& [t, code] : txs) {
            u.txs.push_back(tx_of(t));
            u.codes.push_back(code);
        }
        u.tx_bytes_max = tx_bytes_max;
        u.block_gas_max = gas_max;
        pool.on_committed(u);
    }
    std::vector<std::string> content() const { return texts(pool.first(SIZE_MAX)); }
    std::vector<std::string> reap(std::int64_t bytes_max, std::int64_t gas_max) const {
        return texts(pool.reap(bytes_max, gas_max));
    }
    std::set<std::string> senders(std::string_view t) const {
        for (const auto p : pool.positions())
            if (pool.at(p)->id == id_of(t))
                return pool.at(p)->senders;
        FAIL("not in the pool: " << t);
        return {};
    }
    static std::vector<std::string> texts(const std::vector<slice>& txs) {
        std::vector<std::string> out;
        for (const auto& t : txs)
            out.emplace_back(text(t));
        return out;
    }
};
using words = std::vector<std::string>;

const std::string in_cache = "tx already exists in cache";

pool_limits limited(std::size_t size, std::size_t txs_bytes, std::size_t tx_bytes) {
    pool_limits l;
    l.size = size;
    l.txs_bytes = txs_bytes;
    l.tx_bytes = tx_bytes;
    return l;
}

}  // namespace

TEST_CASE("pool: transactions stay in the order in which they were checked") {
    bench b;
    for (const char* t : {"c=1", "a=1", "b=1"})
        CHECK(b.add(t));
    CHECK(b.content() == words{"c=1", "a=1", "b=1"});
    CHECK(b.pool.size() == 3);
    CHECK(b.pool.bytes() == 9);
    CHECK(b.pool.contains(id_of("a=1")));
    CHECK(bench::texts(b.pool.first(2)) == words{"c=1", "a=1"});
    b.commit({{"a=1", abci::code_ok}});
    CHECK(b.add("d=1"));
    CHECK(b.content() == words{"c=1", "b=1", "d=1"});
    CHECK(b.pool.bytes() == 9);
}

TEST_CASE("pool: a position is found again after what stood there is gone") {
    bench b;
    for (const char* t : {"a=1", "b=1", "c=1"})
        b.add(t);
    const auto positions = b.pool.positions();
    REQUIRE(positions.size() == 3);
    b.commit({{"a=1", abci::code_ok}, {"b=1", abci::code_ok}});
    CHECK(b.pool.at(positions[1]) == nullptr);
    const auto* next = b.pool.at_or_after(positions[0]);
    REQUIRE(next);
    CHECK(next->first == positions[2]);
    CHECK(next->second.tx == tx_of("c=1"));
    CHECK(b.pool.at_or_after(positions[2] + 1) == nullptr);
}

TEST_CASE(
    "pool: what the application refuses is not in it, and may come again unless it is told to "
    "remember") {
    for (const bool keep : {false, true}) {
        pool_limits l;
        l.keep_invalid_in_cache = keep;
        bench b(l);
        REQUIRE(b.admit("a=1") == "");
        CHECK_FALSE(b.checked("a=1", bad));
        CHECK(b.pool.size() == 0);
        CHECK(b.admit("a=1") == (keep ? in_cache : ""));
    }
}

TEST_CASE("pool: the same transaction is asked about once") {
    bench b;
    REQUIRE(b.admit("a=1") == "");
    CHECK(b.admit("a=1") == in_cache);  // the application has not answered yet
    CHECK(b.checked("a=1"));
    CHECK(b.admit("a=1") == in_cache);
    b.commit({{"a=1", abci::code_ok}});
    CHECK(b.admit("a=1") == in_cache);  // it is in a block
    CHECK(b.pool.size() == 0);
}

TEST_CASE("pool: the cache holds so many, the least recently seen goes first") {
    pool_limits l;
    l.cache_size = 2;
    bench b(l);
    b.add("a=1");
    b.add("b=1");
    CHECK(b.admit("a=1") == in_cache);  // b is the oldest now
    b.add("c=1");
    CHECK(b.admit("a=1") == in_cache);
    CHECK(b.admit("b=1") == "");
    CHECK(b.checked("b=1"));  // still in the pool: not added again
    CHECK(b.content() == words{"a=1", "b=1", "c=1"});
    CHECK(b.pool.bytes() == 9);
}

TEST_CASE("pool: without a cache everything is asked about, and the pool still holds one of each") {
    pool_limits l;
    l.cache_size = 0;
    bench b(l);
    for (int i = 0; i < 3; ++i)
        CHECK(b.add("a=1"));
    CHECK(b.content() == words{"a=1"});
}

TEST_CASE("pool: its bounds have CometBFT's texts") {
    SECTION("so many transactions") {
        bench b(limited(2, 100, 50));
        b.add("a=1");
        b.add("b=1");
        CHECK(b.admit("c=1") ==
              "mempool is full: number of txs 2 (max: 2), total txs bytes 6 (max: 100)");
        CHECK(b.pool.admit(view("c=1"), id_of("c=1"), "").error().code == errc::full);
        CHECK(b.admit("a=1") ==
              "mempool is full: number of txs 2 (max: 2), total txs bytes 6 (max: "
              "100)");  // before the cache
        b.commit({{"a=1", abci::code_ok}});
        CHECK(b.add("c=1"));
    }
    SECTION("so many bytes, to the last") {
        bench b(limited(10, 7, 50));
        b.add("a=1");
        CHECK(b.admit("bb=12") ==
              "mempool is full: number of txs 1 (max: 10), total txs bytes 3 (max: 7)");
        CHECK(b.add("bb=1"));
        CHECK(b.pool.bytes() == 7);
    }
    SECTION("so large a transaction, to the last byte") {
        bench b(limited(10, 100, 5));
        CHECK(b.admit("123=56") == "Tx too large. Max size is 5, but got 6");
        CHECK(b.pool.admit(view("123=56"), id_of("123=56"), "").error().code == errc::too_large);
        CHECK(b.admit("12=45") == "");
    }
    SECTION("a full pool is said before a large transaction") {
        bench b(limited(10, 5, 5));
        CHECK(b.admit("123=56") ==
              "mempool is full: number of txs 0 (max: 10), total txs bytes 0 (max: 5)");
    }
    SECTION("nothing refused stays in the cache") {
        bench b(limited(1, 100, 5));
        CHECK(b.admit("123=56") != in_cache);
        CHECK(b.admit("123=56") != in_cache);
        b.add("a=1");
        CHECK(b.admit("b=1") != in_cache);
        b.commit({{"a=1", abci::code_ok}});
        CHECK(b.admit("b=1") == "");
    }
}

TEST_CASE("pool: what became full while the application was asked is left out and may come again") {
    bench b(limited(1, 100, 50));
    REQUIRE(b.admit("a=1") == "");
    REQUIRE(b.admit("b=1") == "");
    CHECK(b.checked("a=1"));
    CHECK_FALSE(b.checked("b=1"));
    CHECK(b.content() == words{"a=1"});
    b.commit({{"a=1", abci::code_ok}});
    CHECK(b.admit("b=1") == "");
}

TEST_CASE(
    "pool: what cannot stand in a block is refused, by size before and by gas after the "
    "application is asked") {
    bench b;
    b.commit({}, 6, 10);
    CHECK(b.admit("1234=") ==
          "tx pre check: tx size is too big: 7, max: 6");  // tag, length and five bytes
    CHECK(b.admit("12=4") == "");
    CHECK_FALSE(b.checked("12=4", abci::code_ok, 11));
    CHECK(b.admit("12=4") == "");  // forgotten
    CHECK_FALSE(b.checked("12=4", abci::code_ok, -1));
    CHECK(b.admit("12=4") == "");
    CHECK(b.checked("12=4", abci::code_ok, 10));
    b.commit({}, 0, -1);
    CHECK(b.add("1234=", std::numeric_limits<std::int64_t>::max()));
}

TEST_CASE("pool: who sent a transaction is remembered, also who sent it while it was known") {
    bench b;
    b.add("a=1", 1, "peer 1");
    CHECK(b.admit("a=1", "peer 2") == in_cache);
    CHECK(b.admit("a=1", "") == in_cache);
    CHECK(b.senders("a=1") == std::set<std::string>{"peer 1", "peer 2"});
    b.add("b=1");
    CHECK(b.senders("b=1").empty());

    pool_limits no_cache;
    no_cache.cache_size = 0;
    bench twice(no_cache);
    twice.add("a=1", 1, "peer 1");
    twice.add("a=1", 1, "peer 2");
    CHECK(twice.senders("a=1") == std::set<std::string>{"peer 1", "peer 2"});
}

TEST_CASE(
    "pool: a peer that is gone is no sender any more, so that senders are no more than peers") {
    bench b;
    b.add("a=1", 1, "peer 1");
    b.add("b=1", 1, "peer 2");
    CHECK(b.admit("b=1", "peer 1") == in_cache);
    b.pool.forget_sender("peer 1");
    CHECK(b.senders("a=1").empty());
    CHECK(b.senders("b=1") == std::set<std::string>{"peer 2"});
}

TEST_CASE("pool: a block takes its transactions out; one that failed in it may come again") {
    for (const bool keep : {false, true}) {
        pool_limits l;
        l.keep_invalid_in_cache = keep;
        bench b(l);
        b.add("good=1");
        b.add("failed=1");
        b.add("waits=1");
        b.commit({{"good=1", abci::code_ok}, {"failed=1", bad}, {"never seen=1", abci::code_ok}});
        CHECK(b.content() == words{"waits=1"});
        CHECK(b.pool.bytes() == 7);
        CHECK(b.pool.height() == height_t(2));
        CHECK(b.admit("good=1") == in_cache);
        CHECK(b.admit("never seen=1") == in_cache);
        CHECK(b.admit("failed=1") == (keep ? in_cache : ""));
    }
}

TEST_CASE("pool: a transaction stands at the height at which it came") {
    bench b;
    b.add("a=1");
    b.commit({});
    b.add("b=1");
    const auto positions = b.pool.positions();
    CHECK(b.pool.at(positions[0])->height == height_t(1));
    CHECK(b.pool.at(positions[1])->height == height_t(2));
}

TEST_CASE(
    "pool: a recheck takes out what has become invalid, by the application or by the block's gas") {
    for (const bool keep : {false, true}) {
        pool_limits l;
        l.keep_invalid_in_cache = keep;
        bench b(l);
        for (const char* t : {"a=1", "b=1", "c=1"})
            b.add(t);
        b.commit({}, 0, 10);
        const auto p = b.pool.positions();
        const auto verdict = [](std::uint32_t code, std::int64_t gas) {
            abci::response_check_tx r;
            r.code = code;
            r.gas_wanted = gas;
            return r;
        };
        b.pool.on_rechecked(p[0], verdict(bad, 1));
        b.pool.on_rechecked(p[1], verdict(abci::code_ok, 1));
        b.pool.on_rechecked(p[2], verdict(abci::code_ok, 11));
        b.pool.on_rechecked(p[0], verdict(bad, 1));  // gone already
        CHECK(b.content() == words{"b=1"});
        CHECK(b.pool.bytes() == 3);
        CHECK(b.admit("a=1") == (keep ? in_cache : ""));
        CHECK(b.admit("b=1") == in_cache);
    }
}

TEST_CASE("pool: an application that could not be asked leaves nothing behind") {
    bench b;
    REQUIRE(b.admit("a=1") == "");
    b.pool.forget(id_of("a=1"));
    CHECK(b.admit("a=1") == "");
}

TEST_CASE(
    "pool: a proposal takes from the front what fits by size and gas, and stops at the first that "
    "does not") {
    bench b;
    b.add("a=1", 1);            // 5 bytes in a block
    b.add("large=1234567", 3);  // 15
    b.add("b=1", 2);            // 5
    const struct {
        std::int64_t bytes, gas;
        words wanted;
    } cases[] = {
        {-1, -1, {"a=1", "large=1234567", "b=1"}},
        {25, 6, {"a=1", "large=1234567", "b=1"}},
        {24, -1, {"a=1", "large=1234567"}},
        {19, -1, {"a=1"}},
        {4, -1, {}},
        {0, -1, {}},
        {-1, 5, {"a=1", "large=1234567"}},
        {-1, 3, {"a=1"}},
        {-1, 0, {}},
        {19, 100, {"a=1"}},
        {100, 3, {"a=1"}},
    };
    for (const auto& c : cases) {
        INFO("bytes " << c.bytes << ", gas " << c.gas);
        CHECK(b.reap(c.bytes, c.gas) == c.wanted);
    }
    CHECK(b.pool.size() == 3);
}

TEST_CASE("pool: sums of gas do not overflow") {
    bench b;
    for (const char* t : {"a=1", "b=1", "c=1"})
        b.add(t, std::numeric_limits<std::int64_t>::max());
    CHECK(b.reap(-1, std::numeric_limits<std::int64_t>::max()) == words{"a=1"});
    CHECK(b.reap(-1, -1).size() == 3);
}
