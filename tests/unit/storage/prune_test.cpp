// SPDX-License-Identifier: Apache-2.0
// What pruning takes and leaves (CometBFT: BlockStore.PruneBlocks, PruneStates), and that it may die between any two of its steps.
#include "storage/prune.hpp"

#include "storage/keys.hpp"
#include "tests/unit/storage/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;
using namespace tetrad::storage::test;

namespace {

using chain::test::public_key;

height_t at(std::int64_t h) { return height_t(h); }

/// Blocks are a second apart. Validators change at every third, parameters at every fourth.
growing_store changing(int blocks, chain::evidence_params evidence,
                       const std::vector<chain::test::key_power>& validators = {{1, 10}, {2, 7}}) {
    growing_store g(validators);
    g.chain.state.params.evidence = evidence;
    g.states[0] = g.chain.state;
    REQUIRE(g.db->save_state(g.chain.state));
    for (std::int64_t h = 1; h <= blocks; ++h) {
        chain::finalize_outcome o;
        if (h % 3 == 0)
            o.validator_updates = {{public_key(1), power_t(10 + h)}};
        if (h % 4 == 0) {
            o.params_update.emplace();
            o.params_update->block = chain::block_params_update{2'000'000, h};
        }
        g.add(o, slice(to_bytes(format("answer {}", h))));
    }
    return g;
}
constexpr chain::evidence_params always{100, 100s, 1000};

template <class T>
bool has(const result<std::optional<T>>& found) {
    REQUIRE(error_of(found) == "");
    return found->has_value();
}

std::size_t rows_below(const growing_store& g, char kind, std::int64_t height) {
    const auto visited = memory_kv::open(g.disk)->scan(
        table::states, key_range::between(keys::of(kind, at(0)), keys::of(kind, at(height))),
        direction::forward, SIZE_MAX, [](byte_view, byte_view) { return true; });
    REQUIRE(visited);
    return *visited;
}

/// Blocks from `base`, metas and what evidence needs from `metas`, all as it was before.
void check_content(const growing_store& g, store& s, std::int64_t base, std::int64_t metas) {
    const auto height = static_cast<std::int64_t>(g.entries.size());
    CHECK(s.base() == at(base));
    CHECK(s.height() == at(height));
    for (std::int64_t h = 1; h <= height; ++h) {
        INFO("height " << h << ", base " << base << ", metas from " << metas);
        const auto& entry = *g.entries[static_cast<std::size_t>(h - 1)].block;
        const auto& before = g.states[static_cast<std::size_t>(h - 1)];
        REQUIRE(has(s.block(at(h))) == (h >= base));
        REQUIRE(has(s.seen_commit(at(h))) == (h >= base && h > height - 1000));
        REQUIRE(has(s.response(at(h))) == (h >= base));
        REQUIRE(has(s.meta(at(h))) == (h >= metas));
        REQUIRE(has(s.height_of(entry.meta.id.hash)) == (h >= metas));
        REQUIRE(has(s.commit(at(h))) == (h >= metas && h < height));
        if (h >= base)
            REQUIRE(**s.block(at(h)) == entry.encoded);
        if (h < metas)
            continue;
        REQUIRE(s.meta(at(h)).value()->header == entry.meta.header);
        REQUIRE(s.validators(at(h)).value() == before.validators);
        REQUIRE(s.params(at(h)).value() == before.params);
    }
}

}  // namespace

TEST_CASE("prune: evidence too old by both ages is not waited for, by one of them it is") {
    const struct {
        chain::evidence_params evidence;
        std::int64_t metas;
    } cases[] = {
        {{2, 2s, 1000}, 8}, {{5, 5s, 1000}, 5}, {{2, 5s, 1000}, 5},   {{5, 2s, 1000}, 5},
        {{9, 1s, 1000}, 1}, {{1, 1h, 1000}, 1}, {{100, 1s, 1000}, 1}, {{1, 1s, 1000}, 8},
    };
    for (const auto& c : cases) {
        INFO("blocks " << c.evidence.max_age_blocks << ", time "
                       << to_go_duration(c.evidence.max_age));
        auto g = changing(10, c.evidence);
        CHECK(g.db->prune(at(8)) == at(8));
        check_content(g, *g.db, 8, c.metas);
        g.reopen();
        check_content(g, *g.db, 8, c.metas);
        g.add();
        CHECK(g.db->height() == at(11));
    }
}

TEST_CASE("prune: nothing above the height and nothing below the base") {
    auto g = changing(5, always);
    CHECK(g.db->prune(at(4)) == at(4));
    const auto before = g.disk->content_hash();
    for (const std::int64_t h : {-1, 0, 1, 4})
        CHECK(g.db->prune(at(h)) == at(4));
    CHECK(g.db->prune(at(6)).error() ==
          error(errc::invalid, "cannot prune beyond the latest height 5"));
    CHECK(g.disk->content_hash() == before);
    CHECK(g.db->prune(at(5)) == at(5));
    check_content(g, *g.db, 5, 1);
}

TEST_CASE("prune: one by one leaves the same as all at once: no row is forgotten") {
    const struct {
        chain::evidence_params evidence;
        std::int64_t metas;
    } cases[] = {{{1, 1s, 1000}, 29}, {{3, 3s, 1000}, 27}, {{4, 4s, 1000}, 26}, {always, 1}};
    for (const auto& c : cases) {
        INFO("metas from " << c.metas);
        auto at_once = changing(30, c.evidence);
        auto step_by_step = changing(30, c.evidence);
        CHECK(at_once.db->prune(at(29)) == at(29));
        for (std::int64_t h = 2; h <= 29; ++h)
            CHECK(step_by_step.db->prune(at(h)) == at(h));
        CHECK(at_once.disk->content_hash() == step_by_step.disk->content_hash());
        check_content(at_once, *at_once.db, 29, c.metas);
        for (const char kind : {'V', 'P'})  // but the one that later rows refer to
            CHECK(rows_below(at_once, kind, c.metas) <= 1);
    }
}

TEST_CASE("prune: index, genesis, state and the last answer stay") {
    auto g = changing(0, {1, 1s, 1000});
    REQUIRE(g.db->save_genesis(view("{}")));
    const auto id = chain::test::hash_of("tx");
    for (int h = 1; h <= 6; ++h) {
        auto entry = grow(g.chain, g.chain.make(), {}, slice(to_bytes("answer")));
        if (h == 1) {
            entry.txs = {{id, slice(to_bytes("record")), {{"app.key", "x", 0}}}};
            entry.block_entries = {{"begin.foo", "1", 0}};
        }
        REQUIRE(g.db->apply(entry));
    }
    CHECK(g.db->prune(at(6)) == at(6));
    CHECK(has(g.db->tx(id)));
    CHECK(g.disk->entries(table::index) == 3);
    CHECK(has(g.db->genesis()));
    CHECK(**g.db->state() == g.chain.state);
    CHECK(g.db->last_response().value()->height == at(6));
}

TEST_CASE("prune: the checkpoint that later heights refer to stays") {
    growing_store g({{1, 10}, {2, 7}}, at(99'998));
    g.chain.state.params.evidence = {1, 1s, 1000};
    REQUIRE(g.db->save_state(g.chain.state));
    g.add_blocks(8);  // to 100005
    std::vector<chain::validator_set> sets;
    for (std::int64_t h = 100'004; h <= 100'007; ++h)
        sets.push_back(**g.db->validators(at(h)));
    CHECK(g.db->prune(at(100'005)) == at(100'005));
    for (std::int64_t h = 100'004; h <= 100'007; ++h)
        CHECK(g.db->validators(at(h)).value() == sets[static_cast<std::size_t>(h - 100'004)]);
    const auto row = [&](std::int64_t h) {
        return memory_kv::open(g.disk)->contains(table::states, keys::of('V', at(h))).value();
    };
    CHECK(row(100'000));
    CHECK_FALSE(row(99'998));
    CHECK_FALSE(row(100'001));
    g.add_blocks(1);
    CHECK(g.db->prune(at(100'006)) == at(100'006));
    CHECK(row(100'000));
}

TEST_CASE(
    "prune: wherever the machine stops, what is left is whole, and pruning goes on from there") {
    auto g = changing(2600, {1, 1s, 1000}, {{1, 10}});
    const auto full = std::make_shared<memory_disk>(*g.disk);
    CHECK(g.db->prune(at(2500)) == at(2500));
    const auto finished = g.disk->content_hash();
    check_content(g, *g.db, 2500, 2500);
    for (std::uint64_t steps = 0; steps <= 2; ++steps) {
        INFO("after " << steps << " steps");
        auto disk = std::make_shared<memory_disk>(*full);
        auto db = opened(disk);
        std::uint64_t writes = 0;
        disk->set_plan([&](const memory_disk::call& c) {
            const bool stops = c.what == memory_disk::operation::write && writes++ == steps;
            return stops ? memory_disk::verdict::crash_before : memory_disk::verdict::proceed;
        });
        CHECK(db->prune(at(2500)).error().code == errc::fatal);
        disk->set_plan(nullptr);
        db = opened(disk);
        const auto base = static_cast<std::int64_t>(1 + 1000 * steps);
        check_content(g, *db, base, base);
        CHECK(db->prune(at(2500)) == at(2500));
        CHECK(disk->content_hash() == finished);
    }
}

TEST_CASE("prune: a step is bounded also where many heights become too old at once") {
    auto g = changing(2600, {1, 1h, 1000}, {{1, 10}});
    CHECK(g.db->prune(at(2500)) == at(2500));
    check_content(g, *g.db, 2500, 1);
    auto later = g.chain.state;
    later.params.evidence = {1, 1s, 1000};
    REQUIRE(g.db->save_state(later));
    for (const auto& [base, metas] :
         {std::pair{2501, 1001}, std::pair{2502, 2001}, std::pair{2503, 2503}}) {
        CHECK(g.db->prune(at(base)) == at(base));
        check_content(g, *g.db, base, metas);
    }
}

TEST_CASE("prune: damaged metas and missing rows are corrupt, and nothing goes") {
    auto g = changing(6, {1, 1s, 1000});
    batch b;
    SECTION("a damaged meta") { b.put(table::blocks, keys::of('M', at(2)), view("\xff\xff")); }
    SECTION("a missing meta") { b.erase(table::blocks, keys::of('M', at(2))); }
    SECTION("validators") { b.erase(table::states, keys::of('V', at(4))); }
    SECTION("parameters") { b.erase(table::states, keys::of('P', at(4))); }
    REQUIRE(memory_kv::open(g.disk)->write(b, durability::synced));
    const auto before = g.disk->content_hash();
    const auto pruned = g.db->prune(at(4));
    REQUIRE_FALSE(pruned);
    CHECK(pruned.error().code == errc::corrupt);
    CHECK(g.db->base() == at(1));
    CHECK(g.disk->content_hash() == before);
}
