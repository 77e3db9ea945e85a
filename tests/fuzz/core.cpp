// SPDX-License-Identifier: Apache-2.0
// The consensus state machine, driven by whatever an input says: four validators, of whom all, three or one are honest machines and the
// others say what they like. After each step the machine checks itself (core/invariants.cpp); here it is checked of what it asks for
// that nothing is signed twice or backwards, that a block is precommitted only where two thirds prevoted it, that whoever is locked
// prevotes its lock, that what is applied has two thirds of the power behind it, and, where two thirds are honest, that all apply the
// same.
// An input: who is honest and how they are set up, then steps: a machine, what happens to it, and which.
#include "consensus/core/core.hpp"
#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "tests/fuzz/support.hpp"

#include <map>
#include <memory>
#include <tuple>
#include <vector>

namespace tetrad::fuzz {

namespace {

using namespace consensus::core;
using chain::vote_type;
using fuzz::input;
using event = consensus::core::input;  // `input` alone is what the fuzzer gives

constexpr std::size_t validators = 4;
constexpr timestamp begun{1700000000, 0};

hash256 hash_of(std::string_view text) { return crypto::sha256(view(text)); }

chain::validator_set make_set(bool equal_power) {
    std::vector<chain::validator> members;
    for (std::size_t i = 0; i < validators; ++i)
        members.push_back(chain::validator::of(
            crypto::ed25519_public(hash_of(format("validator {}", i))),
            power_t(equal_power ? 10 : 40 - 7 * static_cast<std::int64_t>(i))));
    return *chain::validator_set::make(members);
}

struct node {
    std::unique_ptr<machine> core;
    std::optional<timeout_fired> timer;
    std::vector<output> pending;  // asked for, not answered
    std::tuple<height_t, round_t, int> last_signed;
    std::tuple<height_t, round_t, int> at{};  // the last step told
    bool halted = false;
};

class world {
public:
    explicit world(input& in)
        : in_(in), set_(make_set(in.below(2) == 0)), honest_(std::size_t{4} - in.below(3)) {
        if (honest_ == 2)
            honest_ = 1;
        options o;
        const auto how = in.byte();
        o.skip_timeout_commit = how & 1;
        o.create_empty_blocks = !(how & 2);
        if (how & 4)
            o.create_empty_blocks_interval = 1s;
        for (std::size_t i = 0; i < honest_; ++i) {
            if (!(how & 8) || i > 0)
                o.self = set_.at(i).address;
            nodes_.emplace_back();
            outputs out;
            nodes_[i].core = std::make_unique<machine>(o, start_of(height_t(1)), now(), out);
            carry(i, out);
        }
    }

    void run() {
        for (int i = 0; !in_.empty() && i < 512; ++i) {
            const auto who = in_.below(honest_);
            if (!nodes_[who].halted)
                one_thing(who);
        }
    }

private:
    void one_thing(std::size_t who) {
        switch (in_.below(10)) {
            case 0: return fire(who);
            case 1: return answer(who);
            case 2: return hear(who, in_.byte());
            case 3: return hear_all(who);
            case 4: return lie_with_vote();
            case 5: return lie_with_proposal();
            case 6: return claim(who);
            case 7: return step(who, txs_available{});
            case 8: return old_timeout(who);
            default: return calm();
        }
    }

    timestamp now() { return begun + duration(++clock_); }
    chain::validator_set turn(height_t h) const {
        return h.v == 1 ? set_ : set_.incremented(static_cast<std::int32_t>(h.v - 1));
    }
    height_start start_of(height_t h) const {
        return {h,    turn(h), h.v == 1 ? chain::validator_set{} : turn(h - 1), {}, h.v == 1,
                true, -1};
    }
    const round_state& state(std::size_t who) const { return nodes_[who].core->state(); }

    // ---- what happens ----

    void step(std::size_t who, const event& in) {
        if (nodes_[who].halted)
            return;
        const bool was_locked = state(who).locked_block != nullptr;
        outputs out;
        nodes_[who].core->step(in, now(), out);
        for (const auto& o : out)
            if (const auto* s = std::get_if<sign_vote>(&o))
                check_signature(who, *s, was_locked);
        carry(who, out);
    }

    void fire(std::size_t who) {
        if (const auto t = std::exchange(nodes_[who].timer, std::nullopt))
            step(who, *t);
    }
    void old_timeout(std::size_t who) {
        const auto s = static_cast<step_t>(1 + in_.below(8));
        step(who, timeout_fired{state(who).height, some_round(who), s});
    }
    void hear(std::size_t who, std::size_t back) {
        if (!said_.empty())
            step(who, said_[said_.size() - 1 - back % said_.size()]);
    }
    void hear_all(std::size_t who) {
        const auto first = said_.size() > 64 ? said_.size() - 64 : 0;
        for (auto i = first; i < said_.size(); ++i)
            step(who, said_[i]);
    }
    void answer(std::size_t who) {
        auto& pending = nodes_[who].pending;
        if (pending.empty())
            return;
        const auto which = pending.begin() + static_cast<std::ptrdiff_t>(in_.below(pending.size()));
        const output o = *which;
        pending.erase(which);
        std::visit([&](const auto& asked) { give(who, asked); }, o);
    }
    // All that is asked for and said, without a clock.
    void calm() {
        for (int i = 0; i < 4; ++i)
            for (std::size_t who = 0; who < honest_; ++who) {
                while (!nodes_[who].pending.empty() && !nodes_[who].halted) {
                    const output o = nodes_[who].pending.front();
                    nodes_[who].pending.erase(nodes_[who].pending.begin());
                    std::visit([&](const auto& asked) { give(who, asked); }, o);
                }
                hear_all(who);
            }
    }

    // ---- what those who are not honest say ----

    round_t some_round(std::size_t who) {
        return round_t(std::max(state(who).round.v - 1 + static_cast<int>(in_.below(5)), 0));
    }
    chain::block_id some_block() {
        const auto which = in_.byte();
        if (which < 32)
            return {};
        if (which < 64 || made_.empty()) {
            made_.push_back(block_of(format("lie {}", which % 4)));
            return made_.back();
        }
        return made_[made_.size() - 1 - which % made_.size()];
    }
    static chain::block_id block_of(std::string_view name) {
        return {hash_of(name), {1, hash_of(std::string(name) + " parts")}};
    }
    static source peer(std::size_t n) {
        return source(byte_view(hash_of(format("peer {}", n))).first(20));
    }

    vote_ptr vote_of(std::size_t who, vote_type t, height_t h, round_t r,
                     const chain::block_id& id) {
        chain::vote v{t,  h,  r, id, begun, set_.at(who).address, static_cast<std::int32_t>(who),
                      {}, {}, {}};
        v.sig = chain::signature(
            hash_of(format("{} {} {} {} {}", who, static_cast<int>(t), h.v, r.v, to_string(id))));
        return std::make_shared<const chain::vote>(std::move(v));
    }
    void lie_with_vote() {
        if (honest_ == validators)
            return;
        const auto who = honest_ + in_.below(validators - honest_), of = in_.below(honest_);
        const auto type = in_.below(2) == 0 ? vote_type::prevote : vote_type::precommit;
        const auto h = state(of).height - static_cast<std::int64_t>(in_.below(8) == 0);
        const auto r = some_round(of);
        said_.push_back(vote_received{vote_of(who, type, h, r, some_block()), peer(who)});
    }
    void lie_with_proposal() {
        if (honest_ == validators)
            return;
        const auto of = in_.below(honest_);
        const auto h = state(of).height;
        const auto r = some_round(of), pol = round_t(r.v - 1 - static_cast<int>(in_.below(3)));
        const auto id = some_block();
        if (id.is_zero() || *set_.index_of(turn_of(h, r)) < honest_)
            return;
        propose(h, r, pol, id);
    }
    chain::address turn_of(height_t h, round_t r) const {
        return (r.v == 0 ? turn(h) : turn(h).incremented(r.v)).proposer().address;
    }
    void claim(std::size_t who) {
        const auto type = in_.below(2) == 0 ? vote_type::prevote : vote_type::precommit;
        const auto from = peer(in_.below(4));
        step(who, majority_claimed{state(who).height, some_round(who), type, some_block(), from});
    }

    // ---- what is answered ----

    template <class T>
    void give(std::size_t, const T&) {}
    void propose(height_t h, round_t r, round_t pol, const chain::block_id& id) {
        said_.push_back(proposal_received{{vote_type::proposal, h, r, pol, id, begun, {}}});
        said_.push_back(block_completed{h, id, begun});
    }
    void give(std::size_t who, const make_proposal& asked) {
        auto id = asked.block.value_or(chain::block_id{});
        if (!asked.block) {
            id = block_of(format("block {} {} of {}", asked.height.v, asked.round.v, who));
            made_.push_back(id);
        }
        propose(asked.height, asked.round, asked.pol_round, id);
        hear(who, 1);
        hear(who, 0);
    }
    void give(std::size_t who, const validate_block& asked) {
        // Honest validators agree on what is valid; applications need not on what they accept.
        const bool lie = asked.id == block_of("lie 0");
        step(who, block_validated{asked.height, asked.round, asked.id,
                                  lie ? verdict::rejected : verdict::accepted});
    }
    void give(std::size_t who, const sign_vote& asked) {
        const auto v = vote_of(who, asked.type, asked.height, asked.round, asked.block);
        said_.push_back(vote_received{v, peer(who)});
        step(who, vote_received{v, {}});
    }
    void give(std::size_t who, const apply_block& asked) {
        step(who, block_applied{start_of(asked.commit.height + 1)});
    }

    // ---- what holds ----

    // Of after the step: the machine may have gone on to a later round in it.
    void check_signature(std::size_t who, const sign_vote& s, bool was_locked) {
        const auto& rs = state(who);
        CHECK(s.height == rs.height && s.round <= rs.round);
        const std::tuple at{s.height, s.round, s.type == vote_type::prevote ? 2 : 3};
        auto& before = nodes_[who].last_signed;
        CHECK(before < at);
        before = at;
        const bool is_block = !s.block.is_zero(), is_here = s.round == rs.round;
        if (s.type == vote_type::precommit && is_block)
            CHECK(rs.votes.polka(s.round) == s.block);
        if (s.type == vote_type::precommit && is_block && is_here)
            CHECK(rs.locked_block && rs.locked_block->id.hash == s.block.hash &&
                  rs.locked_round == s.round);
        if (s.type == vote_type::prevote && was_locked && is_here && rs.locked_block &&
            rs.locked_round < s.round)
            CHECK(rs.locked_block->id.hash == s.block.hash);
    }

    void check_decision(const apply_block& a) {
        CHECK(a.commit.block == a.id && a.commit.signatures.size() == validators);
        std::int64_t power = 0;
        for (std::size_t i = 0; i < validators; ++i)
            if (a.commit.signatures[i].flag == chain::block_id_flag::commit)
                power += set_.at(i).power.v;
        CHECK(power * 3 > set_.total_power().v * 2);
        if (liars_power() * 3 >= set_.total_power().v)
            return;
        const auto first = decided_.try_emplace(a.commit.height, a.id).first->second;
        CHECK(first == a.id);
    }
    std::int64_t liars_power() const {
        std::int64_t power = 0;
        for (auto i = honest_; i < validators; ++i)
            power += set_.at(i).power.v;
        return power;
    }

    void carry(std::size_t who, const outputs& out) {
        auto& n = nodes_[who];
        for (const auto& o : out) {
            if (const auto* t = std::get_if<schedule_timeout>(&o)) {
                CHECK(t->height == state(who).height);
                n.timer = timeout_fired{t->height, t->round, t->step};
            } else if (const auto* s = std::get_if<step_entered>(&o)) {
                const std::tuple at{s->height, s->round, static_cast<int>(s->step)};
                CHECK(at >= n.at);
                n.at = at;
            } else if (const auto* a = std::get_if<apply_block>(&o)) {
                check_decision(*a);
                n.pending.push_back(o);
            } else if (std::holds_alternative<make_proposal>(o) ||
                       std::holds_alternative<validate_block>(o) ||
                       std::holds_alternative<sign_vote>(o)) {
                n.pending.push_back(o);
            } else if (std::holds_alternative<halt>(o)) {
                CHECK(liars_power() * 3 >= set_.total_power().v);
                n.halted = true;
            }
        }
    }

    input& in_;
    chain::validator_set set_;
    std::size_t honest_;
    std::vector<node> nodes_;
    std::vector<event> said_;
    std::vector<chain::block_id> made_;
    std::map<height_t, chain::block_id> decided_;
    std::int64_t clock_ = 0;
};

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tetrad::fuzz::input in(data, size);
    tetrad::fuzz::world(in).run();
    return 0;
}
