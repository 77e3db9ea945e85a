// SPDX-License-Identifier: Apache-2.0
// Many cores in one loop: messages come late, in any order, often or never; timers fire when they like; verdicts take their time; some
// validators sign whatever they please. After each step the core checks its invariants; here it is checked that nobody who is honest
// signs twice, that all decide the same, and that a calm network decides again.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/random.hpp"
#include "consensus/core/core.hpp"
#include "tests/unit/consensus/core/support.hpp"

namespace tetrad::consensus::core::test {

struct world_options {
    std::uint64_t seed = 0;
    std::vector<std::int64_t> powers{10, 10, 10, 10};
    std::size_t liars = 0;  // the last ones; less than a third of the power
    int steps = 20000;      // of trouble
    bool skip_timeout_commit = false;
    std::size_t plots = 1;  // of 4 moods of the network
};

class world {
public:
    explicit world(const world_options& o)
        : o_(o),
          random_(o.seed),
          set_(validators_of(o.powers)),
          cut_(o.powers.size() * o.powers.size()) {
        // The order of a set is its own: by power.
        for (std::size_t i = 0; i < honest(); ++i) {
            options mine;
            mine.self = set_.at(i).address;
            mine.skip_timeout_commit = o.skip_timeout_commit;
            nodes_.push_back(std::make_unique<node>());
            outputs out;
            nodes_[i]->core = std::make_unique<machine>(mine, start_of(height_t(1)), now(), out);
            carry(i, out);
        }
    }

    /// Anything may happen, and most of it does not.
    void trouble() {
        int change = 0;
        for (int i = 0; i < o_.steps; ++i) {
            if (i == change)
                change += change_mood();
            const std::size_t who = below(honest());
            const std::size_t turn = below(96);
            if (turn < mood_.clocks)
                fire(who);
            else if (turn < 40)
                answer(who);
            else if (turn < 44)
                lie();
            else if (turn < 46)
                claim(who, below(honest()));
            else if (!hear_something(who) && nodes_[who]->pending.empty() && below(4) == 0)
                fire(who);  // time passes where nothing else happens
        }
    }
    /// Everything arrives before a timer fires. Some heights more are decided, or this does not end well.
    void calm() {
        const auto wanted = top() + 3;
        for (int i = 0; i < 2000 && lowest() < wanted; ++i) {
            bool moved = false;
            for (std::size_t who = 0; who < honest(); ++who) {
                for (; !nodes_[who]->pending.empty(); moved = true)
                    answer(who);
                for (std::size_t from = 0; from < honest(); ++from)
                    claim(who, from);
                for (std::size_t m = 0; m < said_.size(); ++m)
                    moved |= deliver(who, m);
            }
            if (!moved)
                for (std::size_t who = 0; who < honest(); ++who)
                    fire(who);
        }
        INFO(where());
        REQUIRE(lowest() >= wanted);
    }

    std::string where() const {
        std::string all;
        for (const auto& n : nodes_) {
            const auto& rs = n->core->state();
            all += format("{}/{}/{} locked {} valid {}; ", rs.height.v, rs.round.v,
                          static_cast<int>(rs.step), rs.locked_round.v, rs.valid_round.v);
        }
        return all;
    }

private:
    // What a validator said, once and for all: everybody may hear it as often as he likes.
    struct said {
        std::size_t from;
        height_t height;
        input what;
    };
    struct node {
        std::unique_ptr<machine> core;
        std::optional<timeout_fired> timer;
        std::vector<output> pending;  // asked for, not answered
        std::map<std::tuple<height_t, round_t, chain::vote_type>, chain::block_id> signed_votes;
        std::tuple<height_t, round_t, int> last_signed;
        std::set<std::size_t> heard;  // of said_
    };

    /// How the network is for a while.
    struct mood {
        std::size_t clocks = 0;  // how many of 96 turns are a clock's, whatever else there is to do
        std::size_t lossy =
            0;  // of 4 rounds: in so many the votes of one type from one to another arrive or do not
        bool plots = false;
        std::uint64_t salt = 0;
    };
    /// For how long.
    int change_mood() {
        const bool cuts = below(3) == 0;
        for (auto&& cut : cut_)
            cut = cuts && below(3) == 0;
        mood_ = {below(4) == 0 ? 4u : 0u, below(4), below(4) < o_.plots, random_.uint64()};
        return 200 + static_cast<int>(below(800));
    }
    /// That some see a majority which others do not see, and that the round after it goes well without them, is what locks are for.
    bool misses(std::size_t who, const said& m) const {
        if (mood_.plots)
            return is_plotted(who, m);
        const auto* in = std::get_if<vote_received>(&m.what);
        if (!in)
            return false;
        const auto round = static_cast<std::uint64_t>(in->vote->round.v) + 1;
        const auto type = static_cast<std::uint64_t>(in->vote->type);
        return drawn(round) % 4 < mood_.lossy &&
               drawn(round << 32 | type << 24 | m.from << 12 | who) % 2 == 0;
    }
    /// In every other round one decides alone, because nobody hears his precommit; and whose turn comes next heard of no proposal and
    /// lacks a vote for the polka, so that he proposes another block to those who are locked.
    bool is_plotted(std::size_t who, const said& m) const {
        const auto* p = std::get_if<proposal_received>(&m.what);
        const auto* in = std::get_if<vote_received>(&m.what);
        if (!p && !in)
            return false;
        const round_t r = p ? p->proposal.round : in->vote->round;
        if (static_cast<std::uint64_t>(r.v) % 2 != mood_.salt % 2)
            return false;
        const std::size_t all = o_.powers.size(), next = turn_of(m.height, r + 1);
        const std::size_t alone = (next + 1 + mood_.salt / 2 % (all - 1)) % all;
        if (p)
            return who == next;
        return m.from == alone && (in->vote->type == chain::vote_type::precommit || who == next);
    }
    std::uint64_t drawn(std::uint64_t what) const {
        return seeded_random(mood_.salt ^ what).uint64();
    }

    std::size_t below(std::size_t n) {
        return n == 0 ? 0 : static_cast<std::size_t>(random_.uint64() % n);
    }
    std::size_t honest() const { return o_.powers.size() - o_.liars; }
    timestamp now() { return timestamp{1700000000, 0} + duration(++clock_); }
    static height_t height_of(const std::unique_ptr<node>& n) { return n->core->state().height; }
    height_t top() const { return height_of(*std::ranges::max_element(nodes_, {}, height_of)); }
    height_t lowest() const { return height_of(*std::ranges::min_element(nodes_, {}, height_of)); }
    height_start start_of(height_t h) const {
        return {h,    turn(h), h.v == 1 ? chain::validator_set{} : turn(h - 1), {}, h.v == 1,
                true, -1};
    }
    chain::validator_set turn(height_t h) const {
        return h.v == 1 ? set_ : set_.incremented(static_cast<std::int32_t>(h.v - 1));
    }

    bool step(std::size_t who, const input& in) {
        outputs out;
        nodes_[who]->core->step(in, now(), out);
        carry(who, out);
        return !std::ranges::all_of(out, [](const output& o) {
            return std::holds_alternative<input_refused>(o) ||
                   std::holds_alternative<votes_conflict>(o);
        });
    }

    void carry(std::size_t who, const outputs& out) {
        for (const auto& o : out) {
            if (const auto* t = std::get_if<schedule_timeout>(&o))
                nodes_[who]->timer = timeout_fired{t->height, t->round, t->step};
            else if (std::holds_alternative<make_proposal>(o) ||
                     std::holds_alternative<validate_block>(o) ||
                     std::holds_alternative<sign_vote>(o) || std::holds_alternative<apply_block>(o))
                nodes_[who]->pending.push_back(o);
            else if (const auto* h = std::get_if<halt>(&o))
                FAIL("node " << who << " stops: " << h->why);
        }
    }

    void fire(std::size_t who) {
        auto timer = std::exchange(nodes_[who]->timer, std::nullopt);
        if (timer)
            step(who, *timer);
    }

    /// Peers send what the receiver can use: votes that it lacks, of its height up to its next round, or what decided that height; a
    /// proposal or a block where there is room for it.
    bool is_of_use(const said& m, const round_state& rs) const {
        if (m.height > rs.height || m.height + 1 < rs.height)
            return false;
        if (const auto* p = std::get_if<proposal_received>(&m.what))
            return m.height == rs.height && p->proposal.round == rs.round && !rs.proposal;
        if (const auto* b = std::get_if<block_completed>(&m.what))
            return m.height == rs.height && !rs.proposal_block && rs.proposal_parts == b->id.parts;
        const auto* in = std::get_if<vote_received>(&m.what);
        if (!in)
            return true;
        const chain::vote& v = *in->vote;
        if (const vote_set* votes =
                m.height == rs.height ? rs.votes.find(v.round, v.type) : nullptr) {
            const auto& known = votes->at(static_cast<std::size_t>(v.validator_index));
            if (known && known->block == v.block)
                return false;
        }
        if (v.round <= rs.round + 1)
            return true;
        const auto decided = commits_.find(m.height);
        return decided != commits_.end() && decided->second.block == v.block &&
               v.type == chain::vote_type::precommit;
    }
    /// What a peer tells of majorities: of the rounds that the receiver is in, and of what decided its height.
    void claim(std::size_t who, std::size_t from) {
        const auto& rs = nodes_[who]->core->state();
        const auto& theirs = nodes_[from]->core->state();
        const auto tell = [&](round_t r, chain::vote_type t, const chain::block_id& id) {
            step(who, majority_claimed{rs.height, r, t, id, peer(static_cast<int>(from))});
        };
        if (theirs.height == rs.height)
            for (const auto t : {chain::vote_type::prevote, chain::vote_type::precommit})
                for (round_t r(0); r <= rs.round; ++r)
                    if (const auto* votes = theirs.votes.find(r, t); votes && votes->has_majority())
                        tell(r, t, *votes->majority());
        if (const auto decided = commits_.find(rs.height);
            theirs.height > rs.height && decided != commits_.end())
            tell(decided->second.round, chain::vote_type::precommit, decided->second.block);
    }
    /// One of the latest things that are of use to it and not cut off; now and then something that is of no use, or was heard before.
    bool hear_something(std::size_t who) {
        const bool anything = below(20) == 0;
        std::vector<std::size_t> some;
        for (std::size_t m = said_.size();
             m-- > 0 && some.size() < 100 && said_.size() - m < 400;) {
            const said& it = said_[m];
            if (anything ||
                (!nodes_[who]->heard.contains(m) && is_of_use(it, nodes_[who]->core->state()) &&
                 !cut_[it.from * o_.powers.size() + who] && !misses(who, it)))
                some.push_back(m);
        }
        if (some.empty())
            return false;
        const std::size_t m = some[below(some.size())];
        nodes_[who]->heard.insert(m);
        step(who, said_[m].what);
        return true;
    }
    bool deliver(std::size_t who, std::size_t m) {
        return is_of_use(said_[m], nodes_[who]->core->state()) && step(who, said_[m].what);
    }

    void answer(std::size_t who) {
        auto& pending = nodes_[who]->pending;
        if (pending.empty())
            return;
        const std::size_t which = below(pending.size());
        const output o = pending[which];
        pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(which));
        std::visit([&](const auto& what) { give(who, what); }, o);
    }
    template <class T>
    void give(std::size_t, const T&) {}

    void give(std::size_t who, const make_proposal& asked) {
        if (!sign(who, asked.height, asked.round, 1))
            return;
        chain::block_id id = asked.block.value_or(chain::block_id{});
        if (!asked.block) {
            id = block_of(format("block {} {} of {}", asked.height.v, asked.round.v, who));
            made_.push_back(id);
        }
        propose(who, asked.height, asked.round, asked.pol_round, id);
    }
    void propose(std::size_t who, height_t h, round_t r, round_t pol, const chain::block_id& id) {
        const input proposal =
            proposal_received{{chain::vote_type::proposal, h, r, pol, id, now(), {}}};
        const input block = block_completed{h, id, now()};
        said_.push_back({who, h, proposal});
        said_.push_back({who, h, block});
        if (who < honest()) {
            step(who, proposal);
            step(who, block);
        }
    }
    void give(std::size_t who, const validate_block& asked) {
        const bool lies = lies_.contains(asked.id.hash);
        step(who, block_validated{asked.height, asked.round, asked.id,
                                  lies ? verdict::rejected : verdict::accepted});
    }
    void give(std::size_t who, const sign_vote& asked) {
        if (!sign(who, asked.height, asked.round, asked.type == chain::vote_type::prevote ? 2 : 3))
            return;
        const auto [known, fresh] = nodes_[who]->signed_votes.try_emplace(
            {asked.height, asked.round, asked.type}, asked.block);
        REQUIRE(fresh);
        const vote_ptr v =
            shared_vote(set_, who, asked.type, asked.height, asked.round, asked.block);
        said_.push_back({who, asked.height, vote_received{v, peer(static_cast<int>(who))}});
        step(who, vote_received{v, {}});
    }
    /// As a signer does: never back.
    bool sign(std::size_t who, height_t h, round_t r, int s) {
        const std::tuple at{h, r, s};
        if (at <= nodes_[who]->last_signed)
            return false;
        nodes_[who]->last_signed = at;
        return true;
    }
    void give(std::size_t who, const apply_block& asked) {
        const height_t h = asked.commit.height;
        const auto [known, fresh] = commits_.try_emplace(h, asked.commit);
        INFO("height " << h.v << " of node " << who);
        REQUIRE(known->second.block == asked.id);
        std::int64_t power = 0;
        for (std::size_t i = 0; i < asked.commit.signatures.size(); ++i)
            if (asked.commit.signatures[i].flag == chain::block_id_flag::commit)
                power += set_.at(i).power.v;
        REQUIRE(power * 3 > set_.total_power().v * 2);
        step(who, block_applied{start_of(h + 1)});
    }

    /// One of the liars signs something, or proposes two blocks, or claims a majority.
    void lie() {
        if (o_.liars == 0)
            return;
        const std::size_t who = honest() + below(o_.liars);
        const auto& rs = nodes_[below(honest())]->core->state();
        const round_t r = below(4) > 0 ? rs.round
                                       : round_t(static_cast<std::int32_t>(
                                             below(static_cast<std::size_t>(rs.round.v) + 3)));
        chain::block_id id;
        if (below(4) > 0 && !made_.empty())
            id = made_[made_.size() - 1 - below(std::min<std::size_t>(made_.size(), 3))];
        if (below(2) == 0 && turn_of(rs.height, r) == who) {
            const bool again = below(3) == 0 && !id.is_zero();  // with whatever proof of lock
            const auto made =
                again ? id : block_of(format("lie {} {} {}", rs.height.v, r.v, ++lies_made_));
            made_.push_back(made);
            if (!again && below(4) == 0)
                lies_.insert(made.hash);
            return propose(
                who, rs.height, r,
                round_t(static_cast<std::int32_t>(below(static_cast<std::size_t>(r.v) + 1)) - 1),
                made);
        }
        if (below(8) == 0) {
            said_.push_back({who, rs.height,
                             majority_claimed{rs.height, r, chain::vote_type::prevote, id,
                                              peer(static_cast<int>(who))}});
            return;
        }
        const auto type = below(2) == 0 ? chain::vote_type::prevote : chain::vote_type::precommit;
        said_.push_back({who, rs.height,
                         vote_received{shared_vote(set_, who, type, rs.height, r, id),
                                       peer(static_cast<int>(who))}});
    }
    std::size_t turn_of(height_t h, round_t r) const {
        const auto [known, fresh] = turns_.try_emplace({h, r});
        if (fresh) {
            const auto set = r.v == 0 ? turn(h) : turn(h).incremented(r.v);
            known->second = *set.index_of(set.proposer().address);
        }
        return known->second;
    }

    world_options o_;
    seeded_random random_;
    chain::validator_set set_;
    std::vector<std::unique_ptr<node>> nodes_;
    std::vector<said> said_;
    std::vector<chain::block_id> made_;  // blocks, in order
    std::vector<bool> cut_;              // who does not hear whom
    mood mood_;
    std::set<chain::hash> lies_;                          // blocks that the application refuses
    std::map<height_t, chain::extended_commit> commits_;  // the first for each height
    mutable std::map<std::pair<height_t, round_t>, std::size_t> turns_;
    std::int64_t clock_ = 0;
    int lies_made_ = 0;
};

}  // namespace tetrad::consensus::core::test
