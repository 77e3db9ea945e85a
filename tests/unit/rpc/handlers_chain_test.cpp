// SPDX-License-Identifier: Apache-2.0
// Heights, blocks, results and validators.
#include "rpc/handlers.hpp"

#include "storage/keys.hpp"
#include "tests/unit/rpc/api.hpp"
#include "tests/vectors/vectors.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc;
using namespace tetrad::rpc::test;

namespace {

const std::vector<std::string> by_height = {"block",         "header",     "commit",
                                            "block_results", "validators", "consensus_params"};

std::string height_of(const std::string& answer) { return member(answer, "block.header.height"); }

}  // namespace

TEST_CASE("a height is positive, not above the tip and not pruned, for every method that has one") {
    api a;
    a.grow(12);
    REQUIRE(a.stored.in->prune(height_t(5)));
    for (const auto& method : by_height) {
        INFO(method);
        const bool uncommitted =
            method == "validators" || method == "consensus_params";  // known for the next block too
        const int last = uncommitted ? 13 : 12;
        CHECK(a.call(method, at_height(0)) == "error: height must be greater than 0, but got 0");
        CHECK(a.call(method, at_height(-3)) == "error: height must be greater than 0, but got -3");
        CHECK(a.call(method, at_height(last + 1)) ==
              format(
                  "error: height {} must be less than or equal to the current blockchain height {}",
                  last + 1, last));
        CHECK(a.call(method, at_height(4)) ==
              "error: height 4 is not available, lowest height is 5");
        for (const int h : {5, 12, last})
            CHECK_FALSE(a.call(method, at_height(h)).starts_with("error"));
        CHECK(a.call(method, at_height(last)) == a.call(method));
    }
}

TEST_CASE("a node that catches up knows validators and parameters of its last block only") {
    api a;
    a.stored.begin();
    a.committed(a.stored.grow({}, {}), {}, /*catching_up=*/true);
    for (const auto* method : {"validators", "consensus_params"}) {
        CHECK(member(a.call(method), "block_height") == "\"1\"");
        CHECK(a.call(method, at_height(2)) ==
              "error: height 2 must be less than or equal to the current blockchain height 1");
    }
    a.committed(a.stored.grow({}, {}), {}, false);
    for (const auto* method : {"validators", "consensus_params"})
        CHECK(member(a.call(method), "block_height") == "\"3\"");
}

TEST_CASE("an empty store answers, with nothing") {
    api a;
    CHECK(a.call("block") ==
          R"({"block_id":{"hash":"","parts":{"total":0,"hash":""}},"block":null})");
    CHECK(a.call("header") == R"({"header":null})");
    CHECK(a.call("commit") == "null");
    CHECK(a.call("block_results") == "error: could not find results for height #0");
    CHECK(a.call("validators") == "error: could not find validator set for height #0");
    CHECK(a.call("consensus_params")
              .starts_with("error: could not find consensus params for height #0"));
    CHECK(a.call("blockchain") == "error: min height 1 can't be greater than max height 0");
    CHECK(a.call("block", at_height(1)) ==
          "error: height 1 must be less than or equal to the current blockchain height 0");
    CHECK(member(a.call("status"), "sync_info.latest_block_height") == "\"0\"");
    CHECK(member(a.call("status"), "sync_info.catching_up") == "true");
}

TEST_CASE("blocks and headers are found by height and by hash") {
    api a;
    a.grow(3);
    const auto second = a.call("block", at_height(2));
    CHECK(height_of(second) == "\"2\"");
    CHECK(height_of(a.call("block")) == "\"3\"");
    const auto hash = *from_hex(member(second, "block_id.hash").substr(1, 64));
    CHECK(a.call("block_by_hash", format(R"({{"hash":"{}"}})", to_base64(hash))) == second);
    CHECK(a.call("header_by_hash", format(R"({{"hash":"{}"}})", to_hex(hash))) ==
          a.call("header", at_height(2)));
    for (const auto& unknown : {bytes(32, 1), bytes(3, 1), bytes{}}) {
        CHECK(a.call("block_by_hash", format(R"({{"hash":"{}"}})", to_base64(unknown))) ==
              R"({"block_id":{"hash":"","parts":{"total":0,"hash":""}},"block":null})");
        CHECK(a.call("header_by_hash", format(R"({{"hash":"{}"}})", to_hex(unknown))) ==
              R"({"header":null})");
    }
}

TEST_CASE("the commit of the last block is the one we saw, of others the one in the next block") {
    api a;
    a.grow(3);
    CHECK(member(a.call("commit"), "canonical") == "false");
    CHECK(member(a.call("commit", at_height(3)), "canonical") == "false");
    const auto second = a.call("commit", at_height(2));
    CHECK(member(second, "canonical") == "true");
    CHECK(member(second, "signed_header.commit.height") == "\"2\"");
    CHECK(member(second, "signed_header.commit") ==
          member(a.call("block", at_height(3)), "block.last_commit"));
}

TEST_CASE("a list of blocks has the rules of CometBFT's own table") {
    // rpc/core/blocks_test.go; a store is never without a base, so 0 there is 1 here.
    struct {
        std::int64_t min, max;
        int base, height, count;  // count 0: an error
    } const table[] = {
        {0, 0, 1, 1, 1},
        {2, 0, 1, 1, 0},
        {2, 1, 1, 5, 0},
        {1, 10, 1, 14, 10},
        {-1, 10, 1, 14, 0},
        {1, -10, 1, 14, 0},
        {1, 1, 1, 1, 1},
        {2, 5, 3, 5, 3},
        {1, 1, 1, 5, 1},
        {2, 2, 1, 5, 1},
        {1, 2, 1, 5, 2},
        {1, 5, 1, 1, 1},
        {1, 5, 1, 10, 5},
        {1, 15, 1, 10, 10},
        {1, 15, 1, 15, 15},
        {1, 20, 1, 15, 15},
        {1, 20, 1, 20, 20},
        {1, 25, 1, 25, 20},
        {0, 0, 1, 25, 20},
        {3, 0, 1, 25, 20},
        {7, 0, 1, 25, 19},
        {1, 5, 6, 10, 0},
        {INT64_MIN, INT64_MIN + 20, 1, 25, 0},
        {INT64_MAX, INT64_MAX, 1, 5, 0},
    };
    for (const auto& c : table) {
        api a;
        a.grow(c.height);
        if (c.base > 1)
            REQUIRE(a.stored.in->prune(height_t(c.base)));
        const auto answer =
            a.call("blockchain", format(R"({{"minHeight":"{}","maxHeight":"{}"}})", c.min, c.max));
        INFO(c.min << " to " << c.max << " of " << c.base << " to " << c.height << ": "
                   << answer.substr(0, 200));
        if (c.count == 0) {
            CHECK(answer.starts_with(c.min < 0 || c.max < 0 ? "error: heights must be non-negative"
                                                            : "error: min height "));
            continue;
        }
        CHECK(member(answer, "last_height") == format("\"{}\"", c.height));
        const auto parsed = json::parse(answer);
        REQUIRE(parsed);
        const auto metas = parsed->root().find("block_metas");
        REQUIRE(metas);
        CHECK(static_cast<int>(metas->size()) == c.count);
        std::int64_t above = INT64_MAX;
        for (const auto m : metas->elements()) {  // the highest first
            const auto h =
                *parse_decimal<std::int64_t>(vectors::text(vectors::at(m, "header"), "height"));
            CHECK(h < above);
            above = h;
        }
    }
}

TEST_CASE("results that are not there any more are said not to be there") {
    api a;
    a.grow(3);
    const auto second = a.call("block_results", at_height(2));
    CHECK(member(second, "height") == "\"2\"");
    CHECK(second.find("\"log\":\"log 2.1\"") != second.npos);
    CHECK(member(second, "app_hash") == "\"" + base64_of("hash 2") + "\"");
    CHECK(member(second, "validator_updates") == "null");

    api forgetful;
    forgetful.begin({}, [](environment& e) { e.keeps_responses = false; });
    forgetful.grow(3, /*keep_responses=*/false);
    CHECK(forgetful.call("block_results", at_height(2)) ==
          "error: node is not persisting finalize block responses");
    CHECK(forgetful.call("block_results") ==
          "error: node is not persisting finalize block responses");
    CHECK(forgetful.call("block_results", at_height(9)).starts_with("error: height 9 must be"));

    // Kept again after a time without.
    forgetful.begin({}, {});
    forgetful.grow(1);
    CHECK(forgetful.call("block_results", at_height(2)) ==
          "error: could not find results for height #2");
    CHECK(member(forgetful.call("block_results"), "height") == "\"4\"");
}

TEST_CASE("a stored record that does not decode is damage, whichever method meets it") {
    const hash256 tx = chain::tx_hash(slice(to_bytes("tx 1.1")));
    const auto by_hash = format(R"({{"hash":"{}","prove":true}})", to_base64(tx));
    bytes key_of_tx(1 + tx.data.size(), 'T');
    std::ranges::copy(tx.data, key_of_tx.begin() + 1);
    using storage::table;
    const struct {
        table in;
        bytes key;
        std::string method, params;
    } cases[] = {
        {table::blocks, storage::keys::of('B', height_t(1)), "block", at_height(1)},
        {table::blocks, storage::keys::of('B', height_t(1)), "tx", by_hash},
        {table::blocks, storage::keys::of('M', height_t(1)), "header", at_height(1)},
        {table::states, storage::keys::of('A', height_t(1)), "block_results", at_height(1)},
        {table::index, key_of_tx, "tx", by_hash},
    };
    for (const auto& c : cases) {
        api a;
        a.grow(2);
        storage::batch b;
        b.put(c.in, c.key, view("\xff"));
        REQUIRE(storage::memory_kv::open(a.stored.disk)->write(b, storage::durability::synced));
        CHECK(a.call(c.method, c.params).starts_with("error: stored "));
        CHECK(a.damage.size() == 1);
    }
}

TEST_CASE("validators come in pages") {
    api a({{1, 10}, {2, 9}, {3, 8}, {4, 7}, {5, 6}});
    a.grow(1);
    const auto page = [&](const std::string& params) {
        const auto r = a.call("validators", "{" + params + "}");
        return r.starts_with("error") ? r
                                      : member(r, "count") + " of " + member(r, "total") + " at " +
                                            member(r, "block_height");
    };
    CHECK(page("") == R"("5" of "5" at "2")");
    CHECK(page(R"("height":"1","page":"1","per_page":"2")") == R"("2" of "5" at "1")");
    CHECK(page(R"("page":"3","per_page":"2")") == R"("1" of "5" at "2")");
    CHECK(page(R"("page":"4","per_page":"2")") ==
          "error: page should be within [1, 3] range, given 4");
    CHECK(page(R"("page":"0")") == "error: page should be within [1, 1] range, given 0");
    CHECK(page(R"("page":"-1","per_page":"1000")") ==
          "error: page should be within [1, 1] range, given -1");
    CHECK(page(R"("per_page":"-7")") == R"("5" of "5" at "2")");
    CHECK(page(R"("page":1)") == R"(error: invalid 64-bit integer encoding "1", expected string)");
}
