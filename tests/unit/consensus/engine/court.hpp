// SPDX-License-Identifier: Apache-2.0
// Several engines that hear one another through the test, which decides what gets through; and what has to hold of their chains and
// signatures afterwards. Included last of our headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include "chain/messages.hpp"
#include "tests/unit/consensus/engine/solo.hpp"

namespace tetrad::consensus::engine::test {

/// Every stored block follows on the one before and is decided by its validators.
inline void check_chain(validator_home& home, height_t to) {
    const auto store = home.stored();
    REQUIRE(store->height() >= to);
    for (height_t h = home.genesis.state.initial_height; h <= to; ++h) {
        INFO("height " << h.v);
        const auto meta = store->meta(h).value();
        const auto seen = store->seen_commit(h).value();
        const auto validators = store->validators(h).value();
        REQUIRE(meta);
        REQUIRE(seen);
        REQUIRE(validators);
        CHECK(error_of(chain::verify_commit(home.genesis.state.chain_id, *validators, meta->id, h,
                                            *seen)) == "");
        if (h > home.genesis.state.initial_height)
            CHECK(meta->header.last_block == store->meta(h - 1).value()->id);
    }
}

/// Nobody who heard all that was ever said can prove that a key signed two different things at one place.
inline void check_signatures(const validator_home& home) {
    std::map<std::tuple<std::int32_t, height_t, round_t, chain::vote_type>, chain::block_id> votes;
    for (const auto& v : home.votes) {
        const auto [known, fresh] =
            votes.try_emplace({v.validator_index, v.height, v.round, v.type}, v.block);
        INFO(to_string(v));
        CHECK(known->second == v.block);
    }
    std::map<std::pair<height_t, round_t>, chain::block_id> proposals;
    for (const auto& p : home.proposals) {
        const auto [known, fresh] = proposals.try_emplace({p.height, p.round}, p.block);
        CHECK(known->second == p.block);
    }
}

/// Validators that hear one another at once, or when they come back. What was said of a height is kept, as peers keep it, and told again
/// when it may be of use: parts once they are collected, all else at a new height or round.
class court {
public:
    court(std::uint64_t seed, std::size_t validators) : world(seed) {
        std::vector<chain::test::key_power> all;
        for (std::size_t i = 0; i < validators; ++i)
            all.push_back({static_cast<int>(i) + 1, 10});
        for (std::size_t i = 0; i < validators; ++i) {
            homes.push_back(std::make_unique<validator_home>(world, format("node{}", i),
                                                             format("10.0.0.{}", i + 1),
                                                             static_cast<int>(i) + 1, all));
            homes[i]->on_news = [this, i](const news& n) { on_news(i, n); };
            nodes.emplace_back();
        }
    }
    ~court() { nodes.clear(); }

    void start(std::size_t i) {
        nodes[i] = std::make_unique<solo>(*homes[i]);
        nodes[i]->start();
        tell(i, nodes[i]->state().height);
    }
    void crash(std::size_t i, random_source& random) {
        nodes[i]->lose_power(random);
        nodes[i].reset();
        homes[i]->host.power_on();
    }
    bool run_to(height_t h, duration limit = 10min) {
        return world.run_until(
            [&] {
                return std::ranges::all_of(nodes,
                                           [&](const auto& n) { return !n || n->height() >= h; }) ||
                       std::ranges::any_of(nodes, [](const auto& n) { return n && n->halted; });
            },
            world.now() + limit);
    }

    sim::world world;
    std::vector<std::unique_ptr<validator_home>> homes;
    std::vector<std::unique_ptr<solo>> nodes;
    /// What gets from one to another now, also where it is told again.
    std::function<bool(std::size_t from, std::size_t to, const peer_input&)> lets_through =
        [](std::size_t, std::size_t, const peer_input&) { return true; };

private:
    struct saying {
        std::size_t from;
        peer_input what;
    };
    void on_news(std::size_t i, const news& n) {
        if (const auto* p = std::get_if<proposal_news>(&n))
            said(i, p->proposal.height,
                 {core::proposal_received{p->proposal}, p->message, id_of(i)});
        if (const auto* v = std::get_if<vote_news>(&n); v && v->from.empty())
            said(i, v->vote->height,
                 {core::vote_received{v->vote, id_of(i)}, v->message, id_of(i)});
        if (const auto* p = std::get_if<part_news>(&n))
            said(i, p->height,
                 {part_received{p->height, round_t(0), p->part},
                  slice(chain::messages::encode_consensus(
                      {chain::messages::block_part{p->height, round_t(0), p->part}})),
                  id_of(i)});
        // A new height or round is when peers send what was missed, and a new set of parts when they send those again.
        if (const auto* s = std::get_if<step_begun>(&n);
            s && (s->step == core::step_t::new_height || s->step == core::step_t::propose))
            tell(i, s->height);
        if (const auto* c = std::get_if<collecting>(&n))
            tell(i, c->height);
    }
    static core::source id_of(std::size_t i) {
        return core::source(byte_view(crypto::sha256(view(format("peer {}", i)))).first(20));
    }
    void said(std::size_t i, height_t h, peer_input in) {
        heights_[h].push_back({i, in});
        for (std::size_t other = 0; other < nodes.size(); ++other)
            if (other != i && nodes[other] && lets_through(i, other, in))
                nodes[other]->hear(in);
    }
    void tell(std::size_t i, height_t h) {
        if (!nodes[i])
            return;
        for (const auto& [from, in] : heights_[h])
            if (lets_through(from, i, in))
                nodes[i]->hear(in);
    }

    std::map<height_t, std::vector<saying>> heights_;
};

}  // namespace tetrad::consensus::engine::test
