// SPDX-License-Identifier: Apache-2.0
// The store against what was put into it: block by block, after reopening, after pruning (CometBFT: store/store.go, state/store.go),
// with damaged and missing values.
#include "storage/store.hpp"

#include "storage/keys.hpp"
#include "storage/records.hpp"
#include "tests/unit/storage/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;
using namespace tetrad::storage::test;

namespace {

using chain::test::public_key;

height_t at(std::int64_t h) { return height_t(h); }

void erase(const std::shared_ptr<memory_disk>& disk, table t, const bytes& key) {
    batch b;
    b.erase(t, key);
    REQUIRE(memory_kv::open(disk)->write(b, durability::synced));
}
void put(const std::shared_ptr<memory_disk>& disk, table t, const bytes& key,
         std::string_view value) {
    batch b;
    b.put(t, key, view(value));
    REQUIRE(memory_kv::open(disk)->write(b, durability::synced));
}
/// The keys of a kind in a table.
std::size_t rows(const std::shared_ptr<memory_disk>& disk, table t, char kind) {
    auto visited =
        memory_kv::open(disk)->scan(t, key_range::prefix(keys::of(kind)), direction::forward,
                                    SIZE_MAX, [](byte_view, byte_view) { return true; });
    REQUIRE(visited);
    return *visited;
}
/// The value, which is there.
template <class T>
T value_of(result<std::optional<T>> found) {
    REQUIRE(error_of(found) == "");
    REQUIRE(found->has_value());
    return std::move(**found);
}
template <class T>
bool is_absent(const result<std::optional<T>>& found) {
    REQUIRE(error_of(found) == "");
    return !found->has_value();
}

}  // namespace

TEST_CASE("store: an empty one has nothing") {
    const auto disk = std::make_shared<memory_disk>();
    const auto s = opened(disk);
    CHECK(s->base() == at(0));
    CHECK(s->height() == at(0));
    CHECK((is_absent(s->state()) && is_absent(s->genesis()) && is_absent(s->last_response())));
    for (const std::int64_t h : {0, 1}) {
        CHECK((is_absent(s->block(at(h))) && is_absent(s->meta(at(h))) &&
               is_absent(s->commit(at(h)))));
        CHECK((is_absent(s->seen_commit(at(h))) && is_absent(s->extended_commit(at(h))) &&
               is_absent(s->response(at(h)))));
        CHECK((is_absent(s->validators(at(h))) && is_absent(s->params(at(h)))));
    }
    CHECK(is_absent(s->height_of(chain::test::hash_of("x"))));
    CHECK(is_absent(s->tx(chain::test::hash_of("x"))));
    CHECK(s->app_table()->empty());
    CHECK(s->prune(at(0)) == at(0));
    CHECK(error_of(s->prune(at(1))) == "cannot prune beyond the latest height 0");
}

TEST_CASE("store: what came with a block is read back, also after reopening") {
    growing_store g;
    for (int h = 1; h <= 4; ++h)
        g.add({}, slice(to_bytes(format("answer {}", h))));
    for (const bool reopened : {false, true}) {
        if (reopened)
            g.reopen();
        CHECK(g.db->base() == at(1));
        CHECK(g.db->height() == at(4));
        CHECK(value_of(g.db->state()) == g.states[4]);
        for (std::int64_t h = 1; h <= 4; ++h) {
            const auto& entry = *g.entries[static_cast<std::size_t>(h - 1)].block;
            CHECK(value_of(g.db->block(at(h))) == entry.encoded);
            const auto meta = value_of(g.db->meta(at(h)));
            CHECK(meta.id == entry.meta.id);
            CHECK(meta.header == entry.meta.header);
            CHECK(meta.block_size == static_cast<std::int64_t>(entry.encoded.size()));
            CHECK(meta.num_txs == 1);
            CHECK(value_of(g.db->height_of(entry.meta.id.hash)) == at(h));
            CHECK(value_of(g.db->seen_commit(at(h))) == entry.seen_commit);
            CHECK(value_of(g.db->commit(at(h - 1))) == entry.last_commit);
            CHECK(is_absent(g.db->extended_commit(at(h))));
            CHECK(text(value_of(g.db->response(at(h)))) == format("answer {}", h));
            CHECK(value_of(g.db->validators(at(h))) ==
                  g.states[static_cast<std::size_t>(h - 1)].validators);
            CHECK(value_of(g.db->params(at(h))) == g.states[0].params);
        }
        CHECK(value_of(g.db->validators(at(6))) == g.states[4].next_validators);
        CHECK((is_absent(g.db->validators(at(7))) && is_absent(g.db->block(at(5))) &&
               is_absent(g.db->commit(at(4)))));
        CHECK(value_of(g.db->last_response()).height == at(4));
        CHECK(text(value_of(g.db->last_response()).response) == "answer 4");
    }
}

TEST_CASE(
    "store: validators and parameters of a height are those that changed last before it, "
    "priorities and all") {
    growing_store g;
    for (std::int64_t h = 1; h <= 12; ++h) {
        chain::finalize_outcome o;
        if (h == 3 || h == 8)
            o.validator_updates = {{public_key(static_cast<int>(h)), power_t(h)}};
        if (h == 5) {
            o.params_update.emplace();
            o.params_update->block = chain::block_params_update{2'000'000, h};
        }
        g.add(o);
    }
    for (std::int64_t h = 1; h <= 13; ++h) {
        INFO("height " << h);
        const auto& before = g.states[static_cast<std::size_t>(h - 1)];
        CHECK(value_of(g.db->validators(at(h))) == before.validators);
        CHECK(value_of(g.db->params(at(h))) == before.params);
    }
    CHECK(value_of(g.db->validators(at(14))) == g.states[12].next_validators);
}

TEST_CASE(
    "store: every 100000 heights the set stands by itself, and later ones follow from there in one "
    "step") {
    growing_store g({{1, 10}, {2, 7}, {3, 1}}, at(99'998));
    g.add_blocks(5);
    const auto full_rows = [&](std::int64_t h) {
        auto raw = memory_kv::open(g.disk)->get(table::states, keys::of('V', at(h)));
        const auto info = wire::decode<validators_info>(value_of(std::move(raw)));
        REQUIRE(info);
        return info->set.has_value();
    };
    for (std::int64_t h = 99'998; h <= 100'004; ++h)
        CHECK(full_rows(h) == (h == 99'998 || h == 100'000));
    const auto checkpoint = value_of(g.db->validators(at(100'000)));
    for (std::int64_t h = 100'001; h <= 100'004; ++h)
        CHECK(value_of(g.db->validators(at(h))) ==
              checkpoint.incremented(static_cast<std::int32_t>(h - 100'000)));

    erase(g.disk, table::states, keys::of('V', at(100'000)));
    CHECK(error_of(g.db->validators(at(100'001))) ==
          "the validators of height 100001 refer to 100000, where there are none");
    CHECK(g.db->validators(at(100'001)).error().code == errc::corrupt);
    CHECK(value_of(g.db->validators(at(99'999))) == g.states[0].next_validators);
}

TEST_CASE("store: a block that does not follow is refused and changes nothing") {
    growing_store g;
    g.add_blocks(2);
    const auto before = g.disk->content_hash();
    auto gap = grow(g.chain, g.chain.make());
    gap = grow(g.chain, g.chain.make());
    const auto applied = g.db->apply(gap);
    REQUIRE_FALSE(applied);
    CHECK(applied.error() == error(errc::fatal, "block 4 does not follow on the stored 2"));
    CHECK(error_of(g.db->apply(g.entries[1])) == "block 2 does not follow on the stored 2");
    CHECK(g.disk->content_hash() == before);
    CHECK(g.db->height() == at(2));
}

TEST_CASE("store: a write that fails leaves the range as it was") {
    growing_store g;
    g.add_blocks(1);
    const auto next = grow(g.chain, g.chain.make());
    g.disk->set_plan([](const memory_disk::call& c) {
        return c.what == memory_disk::operation::write ? memory_disk::verdict::fail
                                                       : memory_disk::verdict::proceed;
    });
    CHECK(g.db->apply(next).error().code == errc::fatal);
    CHECK(g.db->height() == at(1));
    g.disk->set_plan(nullptr);
    g.reopen();
    CHECK(value_of(g.db->state()) == g.states[1]);
}

TEST_CASE("store: the state alone may be saved, and a stored block's without the block") {
    growing_store g;
    g.add_blocks(1);
    auto later = grow(g.chain, g.chain.make());
    later.block.reset();
    REQUIRE(g.db->apply(later));
    CHECK(g.db->height() == at(1));
    CHECK(value_of(g.db->state()) == g.chain.state);
    REQUIRE(g.db->save_state(g.states[0]));
    CHECK(value_of(g.db->state()) == g.states[0]);
}

TEST_CASE("store: answers that are not kept are there for the last block only") {
    growing_store g;
    for (int h = 1; h <= 3; ++h) {
        auto entry = grow(g.chain, g.chain.make(), {}, slice(to_bytes(format("answer {}", h))));
        entry.keep_responses = h == 1;
        REQUIRE(g.db->apply(entry));
    }
    CHECK(text(value_of(g.db->response(at(1)))) == "answer 1");
    CHECK(is_absent(g.db->response(at(2))));
    CHECK(text(value_of(g.db->response(at(3)))) == "answer 3");
}

TEST_CASE("store: commits as seen are kept for 1000 heights") {
    growing_store g({{1, 10}});
    g.add_blocks(1003);
    CHECK(rows(g.disk, table::blocks, 'S') == 1000);
    CHECK(is_absent(g.db->seen_commit(at(3))));
    CHECK(value_of(g.db->seen_commit(at(4))) == g.entries[3].block->seen_commit);
    CHECK(rows(g.disk, table::blocks, 'C') == 1003);
}

TEST_CASE("store: extended commits stand beside those without extensions") {
    growing_store g;
    auto entry = grow(g.chain, g.chain.make());
    entry.block->extended_commit = chain::extended(entry.block->seen_commit);
    REQUIRE(g.db->apply(entry));
    CHECK(value_of(g.db->extended_commit(at(1))) == *entry.block->extended_commit);
    CHECK(value_of(g.db->seen_commit(at(1))) == entry.block->seen_commit);
}

TEST_CASE(
    "store: the index finds transactions by hash, and has a row for each attribute in the order of "
    "heights") {
    growing_store g;
    const std::string long_value(keys::text_bytes_max + 1, 'v');
    for (int h = 1; h <= 2; ++h) {
        auto entry = grow(g.chain, g.chain.make());
        for (std::uint32_t i = 0; i < 2; ++i)
            entry.txs.push_back({chain::test::hash_of(format("{} {}", h, i)),
                                 slice(to_bytes(format("record {} {}", h, i))),
                                 {{"app.key", "x", 0}, {"app.key", long_value, 3}}});
        entry.block_entries = {
            {"begin.foo", "100", 0}, {"begin.foo", "100", 1}, {"begin.foo", long_value, 0}};
        REQUIRE(g.db->apply(entry));
    }
    CHECK(text(value_of(g.db->tx(chain::test::hash_of("1 1")))) == "record 1 1");
    CHECK(text(value_of(g.db->tx(chain::test::hash_of("2 0")))) == "record 2 0");
    CHECK(rows(g.disk, table::index, 'T') == 4);
    CHECK(rows(g.disk, table::index, 'E') == 8);
    CHECK(rows(g.disk, table::index, 'B') == 6);

    bytes prefix = keys::of('E');
    keys::append_escaped(prefix, view("app.key"));
    keys::append_escaped(prefix, view("x"));
    std::vector<bytes> found;
    REQUIRE(memory_kv::open(g.disk)->scan(table::index, key_range::prefix(prefix),
                                          direction::forward, 10, [&](byte_view, byte_view v) {
                                              found.push_back(to_bytes(v));
                                              return true;
                                          }));
    std::vector<bytes> wanted;
    for (const char* name : {"1 0", "1 1", "2 0", "2 1"})
        wanted.push_back(to_bytes(chain::test::hash_of(name)));
    CHECK(found == wanted);

    prefix = keys::of('B');
    keys::append_escaped(prefix, view("begin.foo"));
    keys::append_escaped(prefix, view(long_value));
    std::size_t whole = 0;
    REQUIRE(memory_kv::open(g.disk)->scan(table::index, key_range::prefix(prefix),
                                          direction::forward, 10, [&](byte_view, byte_view v) {
                                              whole += text(v) == long_value;
                                              return true;
                                          }));
    CHECK(whole == 2);
}

TEST_CASE("store: the genesis document and the application's table are kept byte for byte") {
    growing_store g;
    REQUIRE(g.db->save_genesis(view("{ \"a\":1 }")));
    REQUIRE(g.db->write_app({{{to_bytes("b"), to_bytes("2")},
                              {to_bytes("a"), to_bytes("")},
                              {to_bytes("c"), to_bytes("3")}},
                             {}}));
    REQUIRE(g.db->write_app(
        {{{to_bytes("b"), to_bytes("4")}}, {to_bytes("c"), to_bytes("never there")}}));
    g.reopen();
    CHECK(text(value_of(g.db->genesis())) == "{ \"a\":1 }");
    CHECK(*g.db->app_table() == std::vector<std::pair<bytes, bytes>>{
                                    {to_bytes("a"), {}}, {to_bytes("b"), to_bytes("4")}});
}

TEST_CASE("store: what does not decode is corrupt, and named") {
    growing_store g;
    g.add_blocks(3);
    const auto code_and_text = [](const auto& r) {
        REQUIRE_FALSE(r);
        CHECK(r.error().code == errc::corrupt);
        return r.error().text;
    };
    const std::string junk = "\xff\xff";
    const auto hash = g.entries[0].block->meta.id.hash;
    put(g.disk, table::blocks, keys::of('M', at(1)), junk);
    put(g.disk, table::blocks, keys::of('C', at(1)), junk);
    put(g.disk, table::blocks, keys::of('S', at(1)), junk);
    put(g.disk, table::blocks, keys::of('E', at(1)), junk);
    put(g.disk, table::blocks, keys::of('H', hash), "\x01");
    put(g.disk, table::states, keys::of('T'), junk);
    put(g.disk, table::states, keys::of('V', at(3)), junk);
    put(g.disk, table::states, keys::of('P', at(1)), junk);
    put(g.disk, table::states, keys::of('L'), "short");
    CHECK(code_and_text(g.db->meta(at(1))).starts_with("stored block meta: "));
    CHECK(code_and_text(g.db->commit(at(1))).starts_with("stored commit: "));
    CHECK(code_and_text(g.db->seen_commit(at(1))).starts_with("stored seen commit: "));
    CHECK(code_and_text(g.db->extended_commit(at(1))).starts_with("stored extended commit: "));
    CHECK(code_and_text(g.db->height_of(hash)) == "stored height of a block");
    CHECK(code_and_text(g.db->state()).starts_with("stored state: "));
    CHECK(code_and_text(g.db->validators(at(3))).starts_with("stored validators: "));
    CHECK(code_and_text(g.db->params(at(1))).starts_with("stored parameters: "));
    CHECK(code_and_text(g.db->params(at(2)))
              .starts_with("stored parameters: "));  // refers to that of 1
    CHECK(code_and_text(g.db->last_response()) == "stored response");
    CHECK(code_and_text(g.db->prune(at(2))).starts_with("stored state: "));

    put(g.disk, table::blocks, keys::of('R'), junk);
    CHECK(code_and_text(store::open(memory_kv::open(g.disk))).starts_with("stored range: "));
}

TEST_CASE("store: a row that is referred to and missing is corrupt, and both heights are named") {
    growing_store g;
    g.add_blocks(3);
    erase(g.disk, table::states, keys::of('V', at(1)));
    erase(g.disk, table::states, keys::of('P', at(1)));
    CHECK(is_absent(g.db->validators(at(1))));
    CHECK(error_of(g.db->validators(at(2))) ==
          "the validators of height 2 refer to 1, where there are none");
    CHECK(error_of(g.db->params(at(2))) ==
          "the parameters of height 2 refer to 1, where there are none");
}
