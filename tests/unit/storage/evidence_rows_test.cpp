// SPDX-License-Identifier: Apache-2.0
#include "storage/evidence_rows.hpp"

#include <array>

#include "base/wire/protobuf.hpp"
#include "tests/unit/storage/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;
using namespace tetrad::storage::test;

namespace {

// Of this height and time; `extra` bytes more than it needs.
chain::evidence evidence_at(std::int64_t height, std::int64_t round = 0, std::size_t extra = 0,
                            timestamp time = {1700000000, 0}) {
    chain::vote v;
    v.type = chain::vote_type::prevote;
    v.height = height_t(height);
    v.round = round_t(static_cast<std::int32_t>(round));
    v.extension = slice(bytes(extra, 1));
    chain::duplicate_vote d;
    d.a = d.b = v;
    d.b->block = chain::test::id_of("x");
    d.time = time;
    return {d};
}

std::vector<std::int64_t> heights(const store& s, std::int64_t bytes_max = -1) {
    const auto found = s.pending_evidence(bytes_max);
    REQUIRE(error_of(found) == "");
    std::vector<std::int64_t> out;
    for (const auto& e : *found)
        out.push_back(e.height().v);
    return out;
}

void add_block(growing_store& g, evidence_changes changes) {
    auto entry = grow(g.chain, g.chain.make());
    entry.evidence = std::move(changes);
    REQUIRE(error_of(g.db->apply(entry)) == "");
}

using list = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("evidence waits in the order of its heights, also after a restart") {
    growing_store g;
    for (const auto h : {5, 3, 300, 4})
        REQUIRE(g.db->add_evidence(evidence_at(h)));
    for (int times = 0; times < 2; ++times) {
        CHECK(heights(*g.db) == list{3, 4, 5, 300});
        CHECK(g.db->is_evidence_pending(evidence_at(3)));
        CHECK(!g.db->is_evidence_pending(evidence_at(3, 1)));
        g.reopen();
    }
}

TEST_CASE("of what waits a proposal gets as much as its encoded list may measure") {
    growing_store g;
    for (std::int64_t h = 1; h <= 4; ++h)
        REQUIRE(g.db->add_evidence(evidence_at(h, 0, 100)));
    for (std::size_t count = 0; count <= 4; ++count) {
        chain::evidence_list wanted;
        for (std::size_t h = 1; h <= count; ++h)
            wanted.evidence.push_back(evidence_at(static_cast<std::int64_t>(h), 0, 100));
        const auto size = static_cast<std::int64_t>(wire::encode(wanted).size());
        CHECK(heights(*g.db, size).size() == count);
        if (count > 0)
            CHECK(heights(*g.db, size - 1).size() == count - 1);
    }
}

TEST_CASE("a block takes its evidence from what waits, for good") {
    growing_store g;
    const auto one = evidence_at(1), other = evidence_at(2), unknown = evidence_at(3);
    REQUIRE(g.db->add_evidence(one));
    REQUIRE(g.db->add_evidence(other));
    add_block(g, {{one, unknown}, {}});
    for (int times = 0; times < 2; ++times) {
        CHECK(heights(*g.db) == list{2});
        CHECK(*g.db->is_evidence_committed(one));
        CHECK(*g.db->is_evidence_committed(unknown));
        CHECK(!*g.db->is_evidence_committed(other));
        add_block(g, {{}, {one}});  // what is found again does not wait again
        g.reopen();
    }
}

TEST_CASE("what a block brings along waits from then on, together with the block") {
    growing_store g;
    auto entry = grow(g.chain, g.chain.make());
    entry.evidence.found = {evidence_at(1), evidence_at(1), evidence_at(1, 1)};
    g.disk->set_plan([](const memory_disk::call& c) {
        return c.what == memory_disk::operation::write ? memory_disk::verdict::fail
                                                       : memory_disk::verdict::proceed;
    });
    CHECK(!g.db->apply(entry));
    CHECK(heights(*g.db).empty());
    g.disk->set_plan(nullptr);
    g.reopen();
    CHECK(heights(*g.db).empty());
    REQUIRE(error_of(g.db->apply(entry)) == "");
    CHECK(heights(*g.db) == list{1, 1});
}

TEST_CASE("what is too old by both ages goes with the next block") {
    growing_store g;
    g.chain.state.params.evidence = {2, 2s, 1000};
    const auto begin = g.chain.state.last_block_time;
    REQUIRE(g.db->add_evidence(evidence_at(1, 0, 0, begin)));
    REQUIRE(g.db->add_evidence(evidence_at(2, 0, 0, begin + 1h)));
    for (int blocks = 1; blocks <= 6; ++blocks) {
        add_block(g, {});
        const bool old =
            g.chain.state.last_block_height.v - 1 > 2 && g.chain.state.last_block_time - begin > 2s;
        CHECK(heights(*g.db) == (old ? list{2} : list{1, 2}));
    }
    CHECK(g.chain.state.last_block_time - begin > 2s);
}

TEST_CASE("only so much evidence waits: more is refused, and left out of what a block brings") {
    growing_store g;
    for (std::size_t i = 0; i < evidence_rows::pending_max; ++i)
        REQUIRE(g.db->add_evidence(evidence_at(1, static_cast<std::int64_t>(i))));
    const auto refused = g.db->add_evidence(evidence_at(2));
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::full);
    add_block(g, {{}, {evidence_at(2)}});
    CHECK(heights(*g.db).size() == evidence_rows::pending_max);
    add_block(g, {{evidence_at(1)}, {}});
    CHECK(g.db->add_evidence(evidence_at(2)).has_value());

    growing_store large;
    constexpr std::size_t megabyte = 1 << 20;
    std::size_t taken = 0;
    while (large.db->add_evidence(evidence_at(1, static_cast<std::int64_t>(taken), megabyte)))
        ++taken;
    CHECK(taken == evidence_rows::pending_bytes_max / (2 * megabyte) - 1);  // two votes each
}
