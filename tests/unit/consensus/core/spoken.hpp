// SPDX-License-Identifier: Apache-2.0
// A core that is driven and that answers in words, so that a table can say what each transition does. Four validators of equal power:
// the proposer of round r is number r. Blocks are letters; heights go without saying, and round 0 too.
//
//   said to it                            asked of us
//   t:propose           that timeout      step:prevote@1         the step of the WAL and of peers
//   txs                                   timer:propose          a timeout
//   p:A  p:A/0          a proposal        make  make:A/0         propose a new block, or A with its proof of lock
//   b:A                 its block         check:A+app            validate, and ask the application
//   ok:A no:A bad:A     the verdict       sign:prevote=A         and sign:precommit=nil
//   v012=A              prevotes          collect:A              parts
//   c012=A              precommits        news:A                 the valid block, for peers
//   v3@2=nil            of round 2        accepted:A             the proposal
//   l3=Z                late precommit    conflict               evidence
//   m:A                 a claim (peer 9)  apply:A                decided
//   applied             the next height   refused, halt
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/consensus/core/support.hpp"

namespace tetrad::consensus::core::test {

constexpr std::array<std::string_view, 9> step_names{"",          "new_height",     "new_round",
                                                     "propose",   "prevote",        "prevote_wait",
                                                     "precommit", "precommit_wait", "commit"};

inline step_t step_named(std::string_view name) {
    for (std::size_t i = 1; i < step_names.size(); ++i)
        if (step_names[i] == name)
            return static_cast<step_t>(i);
    FAIL("no step " << name);
    return step_t::propose;
}

inline std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        if (end > at)
            out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

class spoken {
public:
    static constexpr height_t first{10};

    explicit spoken(options o = {}, std::size_t self = 3)
        : set_(validators_of({10, 10, 10, 10})), now_{1700000000, 0} {
        o.self = set_.at(self).address;
        height_start start{first, set_, set_, last_commit(), false, false, -1};
        core_ = std::make_unique<machine>(std::move(o), std::move(start), now_, out_);
    }

    const machine& core() const { return *core_; }
    const round_state& state() const { return core_->state(); }

    /// What is asked for after the last word; the answers to the words before are not looked at.
    std::string say(std::string_view text) {
        for (const auto word : words_of(text)) {
            out_.clear();
            take(word);
        }
        return heard();
    }
    std::string heard() const {
        std::string all;
        for (const auto& o : out_) {
            const auto word = std::visit([this](const auto& what) { return text(what); }, o);
            if (!word.empty())
                all += (all.empty() ? "" : " ") + word;
        }
        return all;
    }
    const outputs& raw() const { return out_; }
    timestamp now() const { return now_; }

private:
    using word_t = std::string_view;

    vote_set last_commit() const {
        vote_set votes(first - 1, round_t(0), chain::vote_type::precommit, set_);
        for (std::size_t i = 0; i < 3; ++i)
            REQUIRE(votes.add(shared_vote(set_, i, chain::vote_type::precommit, first - 1,
                                          round_t(0), block_of("Z"))));
        return votes;
    }
    void step(const input& in) { core_->step(in, now_, out_); }

    void take(word_t w) {
        now_ = now_ + 10ms;
        const auto colon = w.find(':'), equals = w.find('=');
        const auto before = w.substr(0, colon),
                   after = colon == w.npos ? word_t() : w.substr(colon + 1);
        const height_t h = state().height;
        const round_t r = state().round;
        if (equals != w.npos)
            return votes(w.substr(0, equals), w.substr(equals + 1));
        if (w == "txs")
            return step(txs_available{});
        if (w == "applied")
            return step(block_applied{{h + 1, set_, set_, {}, false, false, -1}});
        if (before == "t") {
            const auto at = after.find('@');
            return step(timeout_fired{h,
                                      at == after.npos ? r : round_t(number(after.substr(at + 1))),
                                      step_named(after.substr(0, at))});
        }
        if (before == "p") {
            const auto slash = after.find('/');
            const round_t pol(slash == after.npos ? -1 : number(after.substr(slash + 1)));
            return step(proposal_received{{chain::vote_type::proposal,
                                           h,
                                           r,
                                           pol,
                                           block_of(after.substr(0, slash)),
                                           now_,
                                           {}}});
        }
        if (before == "b")
            return step(block_completed{h, block_of(after), now_});
        if (before == "ok" || before == "no" || before == "bad")
            return step(block_validated{h, r, block_of(after),
                                        before == "ok"   ? verdict::accepted
                                        : before == "no" ? verdict::rejected
                                                         : verdict::invalid});
        if (before == "m")
            return step(
                majority_claimed{h, r, chain::vote_type::prevote, block_of(after), peer(9)});
        FAIL("no word " << w);
    }

    static int number(word_t w) {
        const auto n = parse_decimal<std::int64_t>(w);
        REQUIRE(n);
        return static_cast<int>(*n);
    }

    void votes(word_t who, word_t block) {
        const auto at = who.find('@');
        const round_t r = at == who.npos ? state().round : round_t(number(who.substr(at + 1)));
        const bool late = who[0] == 'l';
        const auto type = who[0] == 'v' ? chain::vote_type::prevote : chain::vote_type::precommit;
        for (const char c : who.substr(1, at == who.npos ? at : at - 1))
            step(vote_received{shared_vote(set_, static_cast<std::size_t>(c - '0'), type,
                                           late ? state().height - 1 : state().height,
                                           late ? state().last_commit_round() : r, block_of(block)),
                               peer(c - '0')});
    }

    static std::string name(const chain::block_id& id) {
        for (const std::string n : {"A", "B", "C", "Z", "nil"})
            if (block_of(n) == id)
                return n;
        return "?";
    }
    static std::string name(const chain::part_set_header& parts) {
        for (const std::string n : {"A", "B", "C", "Z"})
            if (block_of(n).parts == parts)
                return n;
        return "?";
    }
    static std::string at(round_t r) { return r.v == 0 ? "" : format("@{}", r.v); }
    static std::string pol(round_t r) { return r.v < 0 ? "" : format("/{}", r.v); }

    std::string text(const step_entered& o) const {
        return "step:" + std::string(step_names[static_cast<std::size_t>(o.step)]) + at(o.round);
    }
    std::string text(const schedule_timeout& o) const {
        return "timer:" + std::string(step_names[static_cast<std::size_t>(o.step)]) + at(o.round);
    }
    std::string text(const make_proposal& o) const {
        return "make" + (o.block ? ":" + name(*o.block) : "") + pol(o.pol_round);
    }
    std::string text(const validate_block& o) const {
        return "check:" + name(o.id) + (o.ask_application ? "+app" : "");
    }
    std::string text(const sign_vote& o) const {
        return (o.type == chain::vote_type::prevote ? "sign:prevote=" : "sign:precommit=") +
               name(o.block);
    }
    std::string text(const collect_parts& o) const { return "collect:" + name(o.parts); }
    std::string text(const valid_block_known& o) const { return "news:" + name(o.parts); }
    std::string text(const proposal_accepted& o) const {
        return "accepted:" + name(o.proposal.block);
    }
    std::string text(const vote_added&) const {
        return "";
    }  // each vote that counts; the tests of votes look at it
    std::string text(const votes_conflict&) const { return "conflict"; }
    std::string text(const apply_block& o) const { return "apply:" + name(o.id); }
    std::string text(const input_refused&) const { return "refused"; }
    std::string text(const halt&) const { return "halt"; }

    chain::validator_set set_;
    timestamp now_;
    outputs out_;
    std::unique_ptr<machine> core_;
};

}  // namespace tetrad::consensus::core::test
