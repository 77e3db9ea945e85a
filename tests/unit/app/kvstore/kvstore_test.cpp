// SPDX-License-Identifier: Apache-2.0
// The built-in application against CometBFT's (abci/example/kvstore): forms of transactions, events, hash, queries, validators, and
// what of it a restart finds again.
#include "app/kvstore/kvstore.hpp"

#include "storage/memory.hpp"
#include "tests/unit/app/kvstore/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::app;
using namespace tetrad::app::test;

namespace {

using chain::test::public_key;
namespace kv = app::kvstore;
using bench = kvstore_bench;

slice tx_of(std::string_view t) { return slice(to_bytes(t)); }

std::string validator_tx(int key, std::int64_t power, std::string_view type = "ed25519") {
    return format("val={}!{}!{}", type, to_base64(public_key(key).raw()), power);
}

bytes hash_of_size(std::initializer_list<std::uint8_t> varint) {
    bytes h(varint);
    h.resize(8);
    return h;
}

}  // namespace

TEST_CASE("kvstore: what a transaction may look like") {
    const std::string key = to_base64(public_key(1).raw());
    const struct {
        std::string tx;
        bool good;
    } cases[] = {
        {"a=1", true},
        {"a:1", true},
        {"key with spaces=\x01\xff", true},
        {"a", false},
        {"", false},
        {"=", false},
        {":", false},
        {"a=", false},
        {"=1", false},
        {"a:", false},
        {":1", false},
        {"a=1=2", false},
        {"a:1:2", false},
        {"a=1:2", false},
        {"val", false},
        {"val:1", true},
        {"val=", false},
        {"val=1", false},
        {"val=ed25519!" + key + "!5", true},
        {"val=ed25519!" + key + "!0", true},
        {"val=ed25519!" + key + "!-1", false},
        {"val=ed25519!" + key + "!+5", true},
        {"val=ed25519!" + key + "!-0", true},
        {"val=ed25519!" + key + "!9223372036854775807", true},
        {"val=ed25519!" + key + "!9223372036854775808", false},
        {"val=ed25519!" + key + "!", false},
        {"val=ed25519!" + key + "!5!", false},
        {"val=ed25519!" + key, false},
        {"val=ed25519!" + key + "! 5", false},
        {"val=ed25519!" + key + "!0x5", false},
        {"val=ed25519!" + key + "!1_0", false},
        {"val=ed25519!!!5", false},
        {"val=ed25519!@@@@!5", false},
        {"val=ed25519!!5", true},  // checked by form only
        {"val=another!" + key + "!5", true},
        {"val=ed25519!" + key.substr(0, 43) + "!5", false},  // no padding
    };
    bench b;
    for (const auto& c : cases) {
        INFO(quote(c.tx));
        const auto r = b.m.run(b.m.at_network, b.app.mempool->check_tx({tx_of(c.tx), {}}));
        REQUIRE(r);
        CHECK(r->code == (c.good ? 0u : 2u));
        CHECK(r->gas_wanted == (c.good ? 1 : 0));
        CHECK((r->data.empty() && r->log.empty() && r->info.empty() && r->events.empty() &&
               r->codespace.empty()));
    }
}

TEST_CASE("kvstore: a proposal leaves out what is malformed and writes the first colon as equals") {
    bench b;
    abci::request_prepare_proposal q;
    for (const char* t : {"a:1", "bad", "b=2", "val=1"})
        q.txs.push_back(tx_of(t));
    q.txs.push_back(tx_of(validator_tx(1, 3)));
    const auto r = b.m.run(b.m.at_consensus, b.app.consensus->prepare_proposal(q));
    REQUIRE(r);
    CHECK(r->txs == std::vector<slice>{tx_of("a=1"), tx_of("b=2"), tx_of(validator_tx(1, 3))});

    const auto process = [&](std::vector<slice> txs) {
        abci::request_process_proposal p;
        p.txs = std::move(txs);
        auto judged = b.m.run(b.m.at_consensus, b.app.consensus->process_proposal(std::move(p)));
        REQUIRE(judged);
        return judged->status;
    };
    CHECK(process(r->txs) == abci::proposal_status::accept);
    CHECK(process({}) == abci::proposal_status::accept);
    CHECK(process(q.txs) == abci::proposal_status::reject);
}

TEST_CASE(
    "kvstore: a transaction emits two events of four attributes, of which three are indexed") {
    bench b;
    const auto r = b.block({"name=satoshi", validator_tx(1, 3)});
    REQUIRE(r.tx_results.size() == 2);
    const auto events = [](std::string_view key, std::string_view value) {
        std::vector<abci::event> out;
        for (const auto& [creator, shown] :
             {std::pair("Cosmoshi Netowoko", key), std::pair("Cosmoshi", value)})
            out.push_back({"app",
                           {{"creator", creator, true},
                            {"key", std::string(shown), true},
                            {"index_key", "index is working", true},
                            {"noindex_key", "index is working", false}}});
        return out;
    };
    CHECK(r.tx_results[0].code == 0);
    CHECK(r.tx_results[0].events == events("name", "satoshi"));
    CHECK(r.tx_results[1].events ==
          events(validator_tx(1, 3), validator_tx(1, 3)));  // two '=': shown whole
    CHECK(r.tx_results[0].gas_used == 0);
    CHECK(r.events.empty());
    CHECK(!r.consensus_param_updates);
}

TEST_CASE("kvstore: the hash is the count of transactions as a zig-zag varint in eight bytes") {
    bench b;
    CHECK(b.init({}).app_hash == hash_of_size({}));
    CHECK(b.block({}).app_hash == hash_of_size({}));
    CHECK(b.block({"a=1"}).app_hash == hash_of_size({2}));
    CHECK(b.block({"a=1", "b=1"}).app_hash == hash_of_size({6}));
    CHECK(b.block(std::vector<std::string>(61, "c=1")).app_hash == hash_of_size({0x80, 1}));
    CHECK(b.info().data == R"({"size":64})");
    kv::state large;
    large.size = std::int64_t{1} << 60;  // nine bytes: CometBFT's own would end here
    CHECK(large.app_hash().size() == 8);
}

TEST_CASE("kvstore: Info says version, size, height and hash of what was committed") {
    bench b;
    auto fresh = b.info();
    CHECK(fresh.data == R"({"size":0})");
    CHECK(fresh.version == "2.0.0");
    CHECK(fresh.app_version == 1);
    CHECK(fresh.last_block_height == 0);
    CHECK(fresh.last_block_app_hash == hash_of_size({}));
    REQUIRE(b.finalize({"a=1"}));
    CHECK(b.info().last_block_height == 0);  // not committed
    b.commit();
    const auto r = b.info();
    CHECK(r.data == R"({"size":1})");
    CHECK(r.last_block_height == 1);
    CHECK(r.last_block_app_hash == hash_of_size({2}));
}

TEST_CASE("kvstore: queries see committed pairs") {
    bench b;
    REQUIRE(b.finalize({"a=1", "b=2", "a=3"}));
    CHECK(b.query("a").log == "does not exist");
    b.commit();
    const auto a = b.query("a");
    CHECK(a.code == 0);
    CHECK(a.log == "exists");
    CHECK(a.key == to_bytes("a"));
    CHECK(a.value == to_bytes("3"));  // the later one
    CHECK(a.height == 1);
    CHECK(a.index == 0);
    CHECK(!a.proof_ops);
    CHECK(b.query("a", "/store").value == to_bytes("3"));  // any path but /val
    const auto proved = b.query("a", "", true);
    CHECK(proved.index == -1);
    CHECK(proved.log == "exists");
    CHECK(proved.height == 1);
    const auto none = b.query("c", "", true);
    CHECK(none.log == "does not exist");
    CHECK(none.value.empty());
    CHECK(none.index == -1);
    CHECK(none.height == 1);
    CHECK(b.query("").log == "does not exist");
}

TEST_CASE(
    "kvstore: validators are those of genesis and of later transactions, and leave with power 0") {
    bench b;
    b.init({{public_key(1), power_t(10)}, {public_key(2), power_t(7)}});
    b.block({});
    CHECK(b.validator(1) == chain::validator_update{public_key(1), power_t(10)});
    const auto r = b.block({validator_tx(1, 11), validator_tx(2, 0), validator_tx(3, 4), "a=1"});
    CHECK(r.validator_updates == std::vector<chain::validator_update>{{public_key(1), power_t(11)},
                                                                      {public_key(2), power_t(0)},
                                                                      {public_key(3), power_t(4)}});
    CHECK(b.validator(1)->power == power_t(11));
    CHECK(!b.validator(2));
    CHECK(b.validator(3)->power == power_t(4));
    CHECK(b.query("a").value == to_bytes("1"));
    CHECK(b.block({}).validator_updates.empty());
    const auto shown = b.query("nobody", "/val");
    CHECK((shown.log.empty() && shown.height == 0 && shown.value.empty() &&
           shown.key == to_bytes("nobody")));
    CHECK(b.block({validator_tx(9, 0)}).validator_updates.size() ==
          1);  // removing nobody is only said to the node
}

TEST_CASE("kvstore: who signed twice loses one of its power; a light client attack costs nothing") {
    bench b;
    b.init({{public_key(1), power_t(10)}, {public_key(2), power_t(1)}});
    const auto by = [](int key, std::int64_t power,
                       abci::misbehavior_type type = abci::misbehavior_type::duplicate_vote) {
        abci::misbehavior m;
        m.type = type;
        m.validator = {public_key(key).address(), power};
        return m;
    };
    const auto r = b.block(
        {"a=1"}, {by(1, 10), by(2, 1), by(1, 10, abci::misbehavior_type::light_client_attack)});
    CHECK(r.validator_updates == std::vector<chain::validator_update>{{public_key(1), power_t(9)},
                                                                      {public_key(2), power_t(0)}});
    CHECK(b.validator(1)->power == power_t(9));
    CHECK(!b.validator(2));
    // Two changes of one validator in a block would be refused.
    CHECK(b.block({}, {by(1, 9), by(1, 8), by(1, 9)}).validator_updates ==
          std::vector<chain::validator_update>{{public_key(1), power_t(7)}});

    const auto unknown = b.finalize({}, {by(5, 10)});
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error() ==
          error(errc::fatal, "kvstore: wanted to punish validator " +
                                 to_hex_upper(public_key(5).address()) + " but can't find it"));
}

TEST_CASE("kvstore: a decided block that it cannot execute is an error, not an abort") {
    const std::string key = to_base64(public_key(1).raw());
    for (const std::string& t :
         std::vector<std::string>{"no pair", "a=1=2", "val=ed25519!x", "val=another!" + key + "!5",
                                  "val=ed25519!AAAA!5"}) {
        INFO(t);
        bench b;
        CHECK_FALSE(b.finalize({"a=1", t}));
    }
}

TEST_CASE("kvstore: it asks to keep so many blocks as it was told") {
    bench b(false, 3);
    for (const std::int64_t wanted : {0, 0, 1, 2, 3}) {
        REQUIRE(b.finalize({}));
        CHECK(b.commit().retain_height == wanted);
    }
}

TEST_CASE("kvstore: vote extensions are empty and any is accepted; there are no snapshots") {
    bench b;
    const auto extended = b.m.run(b.m.at_consensus, b.app.consensus->extend_vote({}));
    CHECK((extended && extended->vote_extension.empty()));
    const auto verified = b.m.run(b.m.at_consensus, b.app.consensus->verify_vote_extension({}));
    CHECK((verified && verified->status == abci::proposal_status::accept));
    const auto snapshots = b.m.run(b.m.at_storage, b.app.snapshot->list_snapshots());
    CHECK((snapshots && snapshots->empty()));
}

TEST_CASE("kvstore: the persistent one goes on from its last Commit") {
    std::shared_ptr<storage::memory_disk> disk;
    {
        bench b(true);
        disk = b.disk;
        b.init({{public_key(1), power_t(10)}, {public_key(2), power_t(7)}});
        b.block({"a=1", "b=2"});
        b.block({"a=3", validator_tx(2, 0), validator_tx(3, 5)});
        REQUIRE(b.finalize({"lost=1"}));  // no Commit
    }
    seeded_random random(1);
    disk->crash(storage::memory_disk::crash_kind::power, random);
    bench b(true, 0, disk);
    CHECK(b.info().last_block_height == 2);
    CHECK(b.info().data == R"({"size":5})");
    CHECK(b.info().last_block_app_hash == hash_of_size({10}));
    CHECK(b.query("a").value == to_bytes("3"));
    CHECK(b.query("b").value == to_bytes("2"));
    CHECK(b.query("lost").log == "does not exist");
    CHECK(b.validator(1)->power == power_t(10));
    CHECK(!b.validator(2));
    abci::misbehavior twice;
    twice.type = abci::misbehavior_type::duplicate_vote;
    twice.validator = {public_key(3).address(), 5};
    CHECK(b.block({}, {twice}).validator_updates ==
          std::vector<chain::validator_update>{{public_key(3), power_t(4)}});
    CHECK(b.block({"lost=1"}).app_hash == hash_of_size({12}));
}

TEST_CASE("kvstore: the one in memory writes nothing") {
    bench b;
    b.block({"a=1"});
    CHECK(b.disk->entries(storage::table::app) == 0);
}

TEST_CASE("kvstore: a store that cannot take the Commit ends it") {
    bench b(true);
    REQUIRE(b.finalize({"a=1"}));
    b.disk->set_plan([](const storage::memory_disk::call& c) {
        return c.what == storage::memory_disk::operation::write
                   ? storage::memory_disk::verdict::fail
                   : storage::memory_disk::verdict::proceed;
    });
    const auto r = b.m.run(b.m.at_consensus, b.app.consensus->commit());
    REQUIRE_FALSE(r);
    CHECK(r.error() == error(errc::fatal, "kvstore: write: the disk refused"));
    CHECK(b.query("a").log == "does not exist");
}

TEST_CASE("kvstore: a damaged table is named") {
    const auto text_of = [](std::string_view key, std::string_view value) {
        return error_of(kv::state_from_table({{to_bytes(key), to_bytes(value)}}));
    };
    CHECK(text_of("stateKey", "{").starts_with("kvstore: stored state: "));
    CHECK(text_of("val=x", "\x05\x01").starts_with("kvstore: stored validator: "));
    CHECK(text_of("val=x", "").starts_with("kvstore: stored validator: "));
    CHECK(text_of("kvPairKey:a", "") == "");
    const auto s =
        kv::state_from_table({{to_bytes("stateKey"), to_bytes(R"({"size":5,"height":2})")}});
    REQUIRE(s);
    CHECK((s->size == 5 && s->height == 2));
}
