// SPDX-License-Identifier: Apache-2.0
// The consensus shard's side of block sync: what is executed, what is refused, and what stops the node.
#include "consensus/catchup/applier.hpp"

#include "tests/unit/app/executor_bench.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::consensus;
using chain::test::error_of;

namespace {

/// An applier behind its port, over an executor whose application answers by script.
struct applying {
    app::test::executor_bench bench;
    std::vector<std::string> halts;
    std::optional<applier> applies;
    std::optional<apply_port> port;

    explicit applying(int blocks) {
        bench.start(blocks);
        applies.emplace(*bench.runs, storage::client(bench.storage->reads),
                        [this](error e) { halts.push_back(std::move(e.text)); });
        port.emplace(runtime::port_spec{"apply", 16, 1}, bench.shards->network,
                     bench.shards->consensus);
        applies->serve(*port, bench.shards->at_consensus);
    }
    ~applying() { bench.shards->stop(); }

    /// Block i, counted from 0, as block sync hands it over.
    synced_block block(std::size_t i) const {
        auto d = bench.decided(i);
        return {d.block, d.encoded, d.id, std::make_shared<const chain::commit>(d.seen_commit),
                nullptr};
    }
    result<chain_tip> apply(synced_block b) {
        auto tip = bench.shards->run(bench.shards->at_network, port->call(std::move(b)));
        bench.shards->world.run_idle();
        return tip;
    }
    result<chain_tip> apply(std::size_t i) { return apply(block(i)); }
    errc code_of(const result<chain_tip>& r) const {
        REQUIRE_FALSE(r.has_value());
        return r.error().code;
    }
};

runtime::task<result<void>> cut_short() { co_return fail(errc::cancelled, "cancelled"); }

}  // namespace

TEST_CASE("the next block is executed, and the answer says where the chain stands") {
    applying t(3);
    CHECK(t.applies->tip().height == height_t(0));
    CHECK(t.applies->tip().base == height_t(0));
    for (std::size_t i = 0; i < 3; ++i) {
        const auto tip = t.apply(i);
        REQUIRE(error_of(tip) == "");
        const auto& s = t.bench.chain->states.at(i + 1);
        CHECK(tip->height == s.last_block_height);
        CHECK(tip->base == height_t(1));
        CHECK(tip->validators == s.validators);
        CHECK(tip->next_validators == s.next_validators);
    }
    CHECK(t.bench.runs->state() == t.bench.chain->states.at(3));
    CHECK(t.halts.empty());
}

TEST_CASE("a block of another height is told to come later, and executes nothing") {
    applying t(3);
    REQUIRE(error_of(t.apply(0)) == "");
    t.bench.lines.clear();
    CHECK(t.code_of(t.apply(2)) == errc::closed);
    CHECK(t.code_of(t.apply(0)) == errc::closed);
    CHECK(t.bench.lines.empty());
    CHECK(t.halts.empty());
}

TEST_CASE(
    "a block against the state is refused, executes nothing and stops nobody; the right one goes "
    "on") {
    applying t(2);
    REQUIRE(error_of(t.apply(0)) == "");
    t.bench.lines.clear();
    auto bent = t.block(1);
    auto changed = *bent.block;
    changed.header.app_hash = to_bytes("another");
    bent.block = std::make_shared<const chain::block>(std::move(changed));
    CHECK(t.code_of(t.apply(std::move(bent))) == errc::invalid);
    CHECK(t.bench.lines.empty());
    CHECK(t.halts.empty());
    CHECK(error_of(t.apply(1)) == "");
}

TEST_CASE(
    "what the application cannot do stops the node, whatever its error, and the peers are not "
    "blamed") {
    const auto code = GENERATE(errc::io, errc::invalid, errc::closed, errc::cancelled);
    applying t(2);
    REQUIRE(error_of(t.apply(0)) == "");
    t.bench.app.broken.emplace(code, "the application is gone");
    INFO(name(code));
    CHECK(t.code_of(t.apply(1)) == errc::closed);
    CHECK(t.halts == std::vector<std::string>{"FinalizeBlock: the application is gone"});
}

TEST_CASE("a block that the node's own stop cuts short is no failure") {
    applying t(1);
    t.bench.runs->before_commit = [&t](height_t) {
        t.bench.shards->at_consensus.request_stop();
        return cut_short();
    };
    CHECK(t.code_of(t.apply(0)) == errc::closed);
    CHECK(t.halts.empty());
}
