// SPDX-License-Identifier: Apache-2.0
// Four engines of which some do not hear some others for a while, so that a step ends by its timeout: it is in the WAL, and the rounds
// after it decide.
#include "storage/wal_format.hpp"
#include "tests/unit/consensus/engine/court.hpp"

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::engine;
using namespace tetrad::consensus::engine::test;
using core::step_t;

namespace {

/// All that stands in the WAL of a node, in order.
std::vector<wal_entry> wal_of(validator_home& home) {
    std::vector<wal_entry> out;
    const std::string folder = "/node/data/cs.wal";
    auto names = home.host.disk().list(folder);
    std::ranges::sort(names);  // "wal" is the newest, behind "wal.000"...
    if (!names.empty())
        std::ranges::rotate(names, names.begin() + 1);
    for (const auto& name : names) {
        const auto file = home.host.disk().get_file(folder + "/" + name);
        REQUIRE(file);
        byte_view rest(*file);
        while (!rest.empty()) {
            const auto r = storage::next_wal_record(rest);
            if (r.found != storage::wal_found::record)
                break;  // what was not written yet
            auto read = decode_wal(slice(to_bytes(r.payload)));
            REQUIRE(read);
            out.push_back(*read->entry);
            rest = rest.subspan(r.size);
        }
    }
    return out;
}

/// "propose@1": which timeouts fired at this height, in order.
std::vector<std::string> timeouts_at(validator_home& home, height_t h) {
    std::vector<std::string> out;
    for (const auto& e : wal_of(home))
        if (const auto* t = std::get_if<wal_timeout>(&e.what); t && t->height == h) {
            constexpr std::string_view names[] = {"",          "new_height",    "new_round",
                                                  "propose",   "prevote",       "prevote_wait",
                                                  "precommit", "precommit_wait"};
            out.push_back(format("{}@{}", names[t->step], t->round.v));
        }
    return out;
}
using strings = std::vector<std::string>;

bool has(const strings& all, std::string_view one) {
    return std::ranges::find(all, one) != all.end();
}

constexpr height_t third(3);

/// Four engines; what the test cuts off, it cuts off at height 3. By then the validators' turns are known.
struct cut_court : court {
    explicit cut_court(std::uint64_t seed) : court(seed, 4) {}

    void start_all() {
        for (std::size_t i = 0; i < 4; ++i)
            start(i);
    }
    /// Of the round that this node is in, at height 3.
    std::size_t proposer(std::size_t i) const {
        const auto& turn = nodes[i]->state().validators.proposer().address;
        for (std::size_t n = 0; n < 4; ++n)
            if (chain::test::public_key(homes[n]->key).address() == turn)
                return n;
        FAIL("the turn is nobody's");
        return 0;
    }
    /// 0: whose turn it is in this node's round; 1 to 3: the others, in their order.
    std::size_t seat(std::size_t i, std::size_t at) const { return (i + 4 - proposer(at)) % 4; }
    bool is_at(std::size_t i, height_t h, std::int32_t r) const {
        return nodes[i]->state().height == h && nodes[i]->state().round == round_t(r);
    }
    static bool is_vote(const peer_input& in) {
        return std::holds_alternative<core::vote_received>(in.what);
    }
    static const chain::vote* prevote_of(const peer_input& in, height_t h, std::int32_t r) {
        const auto* v = std::get_if<core::vote_received>(&in.what);
        const bool is = v && v->vote->type == chain::vote_type::prevote && v->vote->height == h &&
                        v->vote->round == round_t(r);
        return is ? v->vote.get() : nullptr;
    }

    /// All decide more blocks, the same ones, and nobody signed twice.
    void check_goes_on(height_t h) {
        const bool reached = run_to(h);
        for (const auto& n : nodes)
            if (n->halted)
                FAIL(n->halted->text);
        REQUIRE(reached);
        for (std::size_t i = 0; i < 4; ++i) {
            nodes[i]->stop();
            check_chain(*homes[i], h);
            check_signatures(*homes[i]);
            for (height_t at(1); at <= h; ++at)
                CHECK(homes[i]->stored()->meta(at).value()->id ==
                      homes[0]->stored()->meta(at).value()->id);
        }
    }
    round_t decided_in(height_t h) const {
        return homes[0]->stored()->seen_commit(h).value()->round;
    }
};

}  // namespace

TEST_CASE("each height begins when its commit's time is over") {
    cut_court c(1);
    c.start_all();
    c.check_goes_on(height_t(4));
    for (std::size_t i = 0; i < 4; ++i)
        for (const std::int64_t h : {2, 3, 4})
            CHECK(timeouts_at(*c.homes[i], height_t(h)) == strings{"new_height@0"});
}

TEST_CASE("where no proposal comes the next round decides, each time it is the silent one's turn") {
    cut_court c(2);
    constexpr std::size_t silent = 2;
    c.lets_through = [](std::size_t from, std::size_t, const peer_input& in) {
        return from != silent || cut_court::is_vote(in);
    };
    c.start_all();
    c.check_goes_on(height_t(9));
    int turns = 0;
    for (height_t h(1); h <= height_t(9); ++h) {
        const auto set = c.homes[0]->stored()->validators(h).value();
        const bool is_silent =
            set->proposer().address == chain::test::public_key(c.homes[silent]->key).address();
        turns += is_silent;
        INFO("height " << h.v);
        CHECK(c.decided_in(h) == round_t(is_silent ? 1 : 0));
        for (std::size_t i = 0; i < 4; ++i)
            if (i != silent)
                CHECK(has(timeouts_at(*c.homes[i], h), "propose@0") == is_silent);
    }
    CHECK(turns >= 2);
}

TEST_CASE(
    "where prevotes are two for the block and two for nil they wait, and the next round decides") {
    cut_court c(3);
    c.lets_through = [&](std::size_t, std::size_t to, const peer_input& in) {
        // The proposal and its parts reach one other node.
        return cut_court::is_vote(in) || !c.is_at(to, third, 0) || c.seat(to, to) <= 1;
    };
    c.start_all();
    c.check_goes_on(height_t(6));
    CHECK(c.decided_in(third) == round_t(1));
    for (std::size_t i = 0; i < 4; ++i) {
        const auto fired = timeouts_at(*c.homes[i], third);
        CHECK(has(fired, "prevote_wait@0"));
        CHECK(has(fired, "precommit_wait@0"));
        CHECK_FALSE(has(fired, "prevote_wait@1"));
    }
}

TEST_CASE(
    "where two are locked and two are not precommits wait, and the locked block is decided later") {
    cut_court c(4);
    std::optional<chain::block_id> first;
    c.lets_through = [&](std::size_t from, std::size_t to, const peer_input& in) {
        if (const auto* p = std::get_if<core::proposal_received>(&in.what);
            p && p->proposal.height == third && p->proposal.round == round_t(0))
            first = p->proposal.block;
        if (!c.is_at(to, third, 0))
            return true;
        // Seat 3 does not get the block; seat 2 does, but not the prevote of seat 1: it sees two for the block, and nil.
        const auto seat = c.seat(to, to);
        if (seat == 3)
            return cut_court::is_vote(in);
        return !(seat == 2 && c.seat(from, to) == 1 && cut_court::prevote_of(in, third, 0));
    };
    c.start_all();
    c.check_goes_on(height_t(6));
    REQUIRE(first);
    CHECK(c.homes[0]->stored()->meta(third).value()->id == *first);
    CHECK(c.decided_in(third) > round_t(0));
    std::map<bool, int> precommitted;
    for (const auto& v : c.homes[0]->votes)
        if (v.height == third && v.round == round_t(0) && v.type == chain::vote_type::precommit)
            ++precommitted[!v.block.is_zero()];
    CHECK(precommitted == std::map<bool, int>{{true, 2}, {false, 2}});
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(has(timeouts_at(*c.homes[i], third), "precommit_wait@0"));
}

TEST_CASE(
    "who hears of a decision before its block fetches the block and goes on with the others") {
    cut_court c(5);
    bool committed_without = false;
    c.lets_through = [&](std::size_t, std::size_t to, const peer_input& in) {
        // Precommits alone reach seat 3 before it knows of the decision.
        const auto* v = std::get_if<core::vote_received>(&in.what);
        const bool tells = v && v->vote->type == chain::vote_type::precommit;
        if (tells || c.nodes[to]->state().height != third || c.seat(to, to) != 3)
            return true;
        const auto& rs = c.nodes[to]->state();
        const bool decided = rs.step == step_t::commit;
        committed_without |= decided && !rs.proposal_block;
        return decided;
    };
    c.start_all();
    c.check_goes_on(height_t(6));
    CHECK(committed_without);
    CHECK(c.decided_in(third) == round_t(0));
}
