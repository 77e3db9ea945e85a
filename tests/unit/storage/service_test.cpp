// SPDX-License-Identifier: Apache-2.0
// The storage shard behind its ports, and how another shard reads through them.
#include "storage/service.hpp"

#include "storage/keys.hpp"
#include "tests/unit/runtime/sim/support.hpp"
#include "tests/unit/storage/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;
using namespace tetrad::storage::test;

namespace {

/// A shard that asks and the storage shard, on one simulated executor.
struct bench {
    runtime::sim::world world{1};
    runtime::sim::testing::process asks{world.add_host("node", "10.0.0.1")};
    runtime::shard storage{asks.on, 1, "storage"};
    runtime::scope at_storage{storage};
    runtime::offload helper{storage, "disk", runtime::offload::mode::inline_};
    growing_store chain;
    std::vector<error> halts;
    service serves;
    read_port reads{{"reads", 8, 8}, asks.here, storage};
    commit_port commits{{"commits", 4, 1}, asks.here, storage};
    app_write_port writes{{"app_writes", 4, 1}, asks.here, storage};
    prune_port prunes{{"prunes", 2, 1}, asks.here, storage};

    bench()
        : serves(opened(chain.disk), helper, [this](error e) { halts.push_back(std::move(e)); }) {
        serves.serve(reads, at_storage);
        serves.serve(commits, at_storage);
        serves.serve(writes, at_storage);
        serves.serve(prunes, at_storage);
    }
    ~bench() { stop(); }
    void stop() {
        at_storage.request_stop();
        world.run_until([&] { return at_storage.running() == 0; }, world.now() + 1h);
        world.run_idle();
    }
    template <class F>
    auto read(F work) {
        client c(reads);
        return asks.run(c.read(work));
    }
    block_commit next() { return grow(chain.chain, chain.chain.make()); }
    void damage(char kind, height_t h) {
        batch b;
        b.put(table::blocks, keys::of(kind, h), view("\xff\xff"));
        REQUIRE(memory_kv::open(chain.disk)->write(b, durability::synced));
    }
};

}  // namespace

TEST_CASE("storage service: what one port writes the others read") {
    bench b;
    const auto entry = b.next();
    REQUIRE(b.asks.run(b.commits.call(entry)));
    const auto height = b.read([](store& s) -> result<height_t> { return s.height(); });
    CHECK(height == height_t(1));
    const auto block = b.read([](store& s) { return s.block(height_t(1)); });
    REQUIRE(block);
    CHECK(**block == entry.block->encoded);
    REQUIRE(b.asks.run(b.commits.call(b.next())));
    CHECK(b.asks.run(b.prunes.call({height_t(2)})) == height_t(2));
    app_write w{{{to_bytes("k"), to_bytes("v")}}, {}};
    REQUIRE(b.asks.run(b.writes.call(std::move(w))));
    const auto table = b.read([](store& s) { return s.app_table(); });
    REQUIRE(table);
    CHECK(*table == std::vector<std::pair<bytes, bytes>>{{to_bytes("k"), to_bytes("v")}});
    CHECK(b.halts.empty());
}

TEST_CASE("storage service: a refused request is its caller's business alone") {
    bench b;
    CHECK(b.asks.run(b.prunes.call({height_t(5)})).error().code == errc::invalid);
    const auto asked =
        b.read([](store&) -> result<int> { return fail(errc::not_found, "no such block"); });
    REQUIRE_FALSE(asked);
    CHECK(asked.error() == error(errc::not_found, "no such block"));
    CHECK(b.halts.empty());
}

TEST_CASE("storage service: a failed write stops the node, and is told once") {
    bench b;
    b.chain.disk->set_plan([](const memory_disk::call& c) {
        return c.what == memory_disk::operation::write ? memory_disk::verdict::fail
                                                       : memory_disk::verdict::proceed;
    });
    const auto stored = b.asks.run(b.commits.call(b.next()));
    REQUIRE_FALSE(stored);
    CHECK(stored.error().code == errc::fatal);
    const auto again = b.asks.run(b.writes.call({}));
    CHECK(again.error().code == errc::fatal);
    CHECK(b.halts == std::vector<error>{stored.error()});
}

TEST_CASE(
    "storage service: damaged data and a disk that cannot be read stop the node, whoever reads") {
    bench b;
    REQUIRE(b.asks.run(b.commits.call(b.next())));
    SECTION("damaged") {
        b.damage('M', height_t(1));
        const auto meta = b.read([](store& s) { return s.meta(height_t(1)); });
        REQUIRE_FALSE(meta);
        CHECK(meta.error().code == errc::corrupt);
        CHECK(b.halts == std::vector<error>{meta.error()});
    }
    SECTION("unreadable") {
        b.chain.disk->set_plan([](const memory_disk::call& c) {
            return c.what == memory_disk::operation::get ? memory_disk::verdict::fail
                                                         : memory_disk::verdict::proceed;
        });
        const auto block = b.read([](store& s) { return s.block(height_t(1)); });
        REQUIRE_FALSE(block);
        CHECK(block.error().code == errc::io);
        CHECK(b.halts == std::vector<error>{block.error()});
    }
}

TEST_CASE("storage service: a read after the shard has stopped is closed") {
    bench b;
    b.stop();
    b.reads.close();
    const auto height = b.read([](store& s) -> result<height_t> { return s.height(); });
    REQUIRE_FALSE(height);
    CHECK(height.error().code == errc::closed);
    CHECK(b.halts.empty());
}

TEST_CASE("storage service: close makes everything durable") {
    bench b;
    REQUIRE(b.asks.run(b.commits.call(b.next())));
    REQUIRE(b.asks.run(b.commits.call(b.next())));
    REQUIRE(b.asks.run(b.prunes.call({height_t(2)})));  // buffered
    CHECK(b.chain.disk->unsynced_batches() == 1);
    std::optional<result<void>> closed;
    b.at_storage.spawn(runtime::sim::testing::store<result<void>>(b.serves.close(), closed));
    REQUIRE(b.world.run_until([&] { return closed.has_value(); }, b.world.now() + 1s));
    CHECK(closed->has_value());
    CHECK(b.chain.disk->unsynced_batches() == 0);
    seeded_random random(1);
    b.chain.disk->crash(memory_disk::crash_kind::power, random);
    CHECK(opened(b.chain.disk)->base() == height_t(2));
}
