// SPDX-License-Identifier: Apache-2.0
// The key-value store in memory: the suite of every kv, then what is its own: crashes, faults, a full disk.
#include "storage/memory.hpp"

#include "tests/unit/storage/kv_conformance.hpp"

#include <set>

#include <catch2/catch.hpp>

namespace tetrad::storage {
namespace {

using kv_conformance::get;
using kv_conformance::put;
using operation = memory_disk::operation;
using verdict = memory_disk::verdict;

class memory_under_test : public kv_conformance::kv_under_test {
public:
    kv& db() override { return *db_; }
    void reopen() override { db_ = memory_kv::open(disk_); }

private:
    std::shared_ptr<memory_disk> disk_ = std::make_shared<memory_disk>();
    std::unique_ptr<memory_kv> db_ = memory_kv::open(disk_);
};

batch one(std::string_view key, std::string_view value) {
    batch b;
    b.put(table::states, view(key), view(value));
    return b;
}

errc code_of(const result<void>& r) {
    REQUIRE_FALSE(r.has_value());
    return r.error().code;
}

TEST_CASE("memory: conforms to the key-value suite") {
    kv_conformance::run_all([] { return std::make_unique<memory_under_test>(); });
}

TEST_CASE("memory: a lost process keeps everything that write returned from, lost power a prefix of what was buffered") {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        seeded_random random(seed);
        auto disk = std::make_shared<memory_disk>();
        auto db = memory_kv::open(disk);
        REQUIRE(db->write(one("a", "old"), durability::synced).has_value());
        put(*db, table::states, "a", "1");
        put(*db, table::states, "b", "2");
        batch both;
        both.erase(table::states, view("a"));
        both.put(table::states, view("c"), view("3"));
        REQUIRE(db->write(both, durability::buffered).has_value());

        const bool power = seed % 2 == 1;
        disk->crash(power ? memory_disk::crash_kind::power : memory_disk::crash_kind::process, random);
        CHECK(db->get(table::states, view("a")).error().code == errc::fatal);
        CHECK(code_of(db->write(one("x", "y"), durability::synced)) == errc::fatal);

        auto again = memory_kv::open(disk);
        const std::string left = get(*again, table::states, "a").value_or("-") + get(*again, table::states, "b").value_or("-") +
                                 get(*again, table::states, "c").value_or("-");
        if (!power)
            CHECK(left == "-23");
        outcomes.insert(left);
    }
    CHECK(outcomes == std::set<std::string>{"old--", "1--", "12-", "-23"});  // every prefix is seen, and nothing else
}

TEST_CASE("memory: a synced write makes the buffered ones before it durable, and so does sync") {
    for (bool by_sync : {false, true}) {
        auto disk = std::make_shared<memory_disk>();
        auto db = memory_kv::open(disk);
        put(*db, table::states, "buffered", "1");
        if (by_sync)
            REQUIRE(db->sync().has_value());
        else
            REQUIRE(db->write(one("synced", "2"), durability::synced).has_value());
        CHECK(disk->unsynced_batches() == 0);
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            seeded_random random(seed);
            disk->crash(memory_disk::crash_kind::power, random);
            auto again = memory_kv::open(disk);
            CHECK(get(*again, table::states, "buffered") == "1");
        }
    }
}

TEST_CASE("memory: buffered batches do not pile up without end") {
    auto disk = std::make_shared<memory_disk>();
    auto db = memory_kv::open(disk);
    const std::string value(4 << 20, 'x');
    for (int i = 0; i < 40; ++i)
        put(*db, table::blocks, std::to_string(i), value);
    CHECK(disk->unsynced_batches() * value.size() <= memory_disk::unsynced_bytes_max);
    CHECK(disk->bytes_used() > 40 * value.size());
}

TEST_CASE("memory: a write that failed poisons the store, a failed read does not") {
    auto disk = std::make_shared<memory_disk>();
    auto db = memory_kv::open(disk);
    put(*db, table::states, "a", "1");
    disk->set_plan([](const memory_disk::call& c) {
        if (c.what == operation::get && c.number == 0)
            return verdict::fail;
        if (c.what == operation::get && c.number == 1)
            return verdict::corrupt;
        if (c.what == operation::scan)
            return verdict::fail;
        return c.what == operation::write && c.number == 2 ? verdict::fail : verdict::proceed;
    });
    CHECK(db->get(table::states, view("a")).error().code == errc::io);
    CHECK(db->get(table::states, view("a")).error().code == errc::corrupt);
    CHECK(get(*db, table::states, "a") == "1");
    auto seen = db->scan(table::states, key_range::all(), direction::forward, 1, [](byte_view, byte_view) { return true; });
    CHECK(seen.error().code == errc::io);

    CHECK(db->write(one("b", "2"), durability::synced).has_value());
    CHECK(code_of(db->write(one("c", "3"), durability::synced)) == errc::fatal);
    CHECK(code_of(db->write(one("d", "4"), durability::buffered)) == errc::fatal);
    CHECK(code_of(db->sync()) == errc::fatal);
    CHECK(get(*db, table::states, "b") == "2");
    CHECK(get(*db, table::states, "c") == std::nullopt);
    auto again = memory_kv::open(disk);
    CHECK(again->write(one("c", "3"), durability::synced).has_value());
}

TEST_CASE("memory: a planned crash falls before or after the effect of a write") {
    for (verdict when : {verdict::crash_before, verdict::crash_after}) {
        auto disk = std::make_shared<memory_disk>();
        auto db = memory_kv::open(disk);
        put(*db, table::states, "a", "1");
        disk->set_plan([&](const memory_disk::call& c) {
            return c.what == operation::write && c.changes && !c.changes->empty() ? when : verdict::proceed;
        });
        CHECK(code_of(db->write(one("a", "2"), durability::synced)) == errc::fatal);
        CHECK(db->get(table::states, view("a")).error().code == errc::fatal);
        disk->set_plan(nullptr);
        auto again = memory_kv::open(disk);
        CHECK(get(*again, table::states, "a") == (when == verdict::crash_before ? "1" : "2"));
    }
}

TEST_CASE("memory: a full disk refuses what would grow it, and erasing makes room") {
    auto disk = std::make_shared<memory_disk>();
    disk->set_capacity(100);
    auto db = memory_kv::open(disk);
    put(*db, table::blocks, "k", std::string(90, 'x'));
    CHECK(disk->bytes_used() == 91);
    CHECK(code_of(db->write(one("key", "0123456789"), durability::synced)) == errc::fatal);
    CHECK(disk->bytes_used() == 91);
    auto again = memory_kv::open(disk);
    batch b;
    b.erase(table::blocks, view("k"));
    REQUIRE(again->write(b, durability::synced).has_value());
    CHECK(disk->bytes_used() == 0);
    REQUIRE(again->write(one("key", "0123456789"), durability::synced).has_value());
    CHECK(disk->bytes_used() == 13);
}

TEST_CASE("memory: damage flips bits of what is stored, and the content hash tells") {
    auto disk = std::make_shared<memory_disk>();
    auto db = memory_kv::open(disk);
    put(*db, table::app, "key", "abc");
    auto before = db->get(table::app, view("key")).value();
    const auto hash = disk->content_hash();
    CHECK(disk->damage(table::app, view("key"), 1, 0x20));
    CHECK(get(*db, table::app, "key") == "aBc");
    CHECK(text(*before) == "abc");  // what was read stays as it was
    CHECK(disk->content_hash() != hash);
    CHECK(disk->damage(table::app, view("key"), 1, 0x20));
    CHECK(disk->content_hash() == hash);
    CHECK_FALSE(disk->damage(table::app, view("key"), 3, 1));
    CHECK_FALSE(disk->damage(table::app, view("none"), 0, 1));
}

TEST_CASE("kv: a prefix ends before the first key that does not have it") {
    CHECK(key_range::prefix(view("ab")).end == to_bytes("ac"));
    CHECK(key_range::prefix(view(std::string("a\xff", 2))).end == to_bytes("b"));
    CHECK(key_range::prefix(view(std::string("\xff\xff", 2))).end.empty());
    CHECK(key_range::prefix(view("")).contains(view("anything")));
    CHECK_FALSE(key_range::prefix(view("ab")).contains(view("aa")));
}

TEST_CASE("kv: a batch over a limit does not pass its check") {
    batch b;
    CHECK(b.check().has_value());
    const slice large(bytes(std::size_t{200} << 20, 0));
    for (int i = 0; i < 5; ++i)
        b.put(table::blocks, view("k"), large);  // shared, not copied
    CHECK(b.check().has_value());
    b.put(table::blocks, view("k"), large);
    CHECK(b.check().error().code == errc::too_large);
    b.clear();
    CHECK(b.size() == 0);
    b.put(table::blocks, view("k"), slice(bytes(value_size_max + 1, 0)));
    CHECK(b.check().error().code == errc::too_large);
}

}  // namespace
}  // namespace tetrad::storage
