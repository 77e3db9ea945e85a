// SPDX-License-Identifier: Apache-2.0
#include "consensus/gossip/service.hpp"

#include "base/text.hpp"
#include "runtime/timer.hpp"
#include "storage/store.hpp"

namespace tetrad::consensus::gossip {

using runtime::ok;
using runtime::task;
namespace channels = p2p::channels;
namespace messages = chain::messages;

namespace {

slice encoded(messages::consensus_message m) { return slice(messages::encode_consensus(m)); }

void hold(held_votes& votes, const chain::vote& v, slice message,
          const std::optional<chain::block_id>& majority) {
    const auto index = static_cast<std::size_t>(v.validator_index);
    votes.have.set(index);
    votes.messages[index] = std::move(message);
    auto& voters =
        votes.by_block.try_emplace(v.block.key(), bit_array(votes.messages.size())).first->second;
    voters.set(index);
    votes.majority = majority;
}

held_votes held(const core::vote_set& set) {
    held_votes votes(set.size());
    for (std::size_t i = 0; i < set.size(); ++i)
        if (const auto& v = set.at(i))
            hold(votes, *v, encoded({messages::vote_message{*v}}), set.majority());
    return votes;
}

/// "0A0B..." as it stands in a peer's id.
core::source source_of(const std::string& id) {
    core::source s;
    if (const auto raw = from_hex(id); raw)
        (void)s.assign(*raw);
    return s;
}

}  // namespace

service::service(runtime::shard& network, service_options o, engine::input_port& inputs,
                 storage::client blocks, logger log)
    : here_(network), options_(std::move(o)), inputs_(inputs), blocks_(blocks), log_(log) {
    view_.initial_height = options_.initial_height;
}

std::vector<p2p::channel_descriptor> service::channels() const {
    // Priorities and queues of CometBFT.
    return {{channels::state, 6, 100, messages::consensus_bytes_max},
            {channels::data, 10, 100, messages::consensus_bytes_max},
            {channels::vote, 7, 100, messages::consensus_bytes_max},
            {channels::vote_set_bits, 1, 2, messages::consensus_bytes_max}};
}

// ---- news ----

task<result<void>> service::on_news(engine::news n) {
    std::visit([this](const auto& what) { note(what); }, n);
    wake();
    co_return result<void>{};
}

void service::wake() {
    for (auto& [id, p] : peers_)
        p->changed.notify();
}

void service::note(const engine::height_begun& n) {
    view next;
    next.height = n.height;
    next.start_time = view_.start_time;
    next.initial_height = options_.initial_height;
    next.store_base = n.store_base;
    next.validators = n.validators;
    next.last_validators = n.last_validators;
    next.block_bytes_max = n.block_bytes_max;
    next.abci = n.abci;
    if (n.last_commit) {
        next.last_commit = held(*n.last_commit);
        next.last_commit_round = n.last_commit->round();
    }
    view_ = std::move(next);
}

slice service::step_message() const {
    const auto since = here_.io().wall_clock() - view_.start_time;
    return encoded({messages::new_round_step{
        view_.height, view_.round, static_cast<std::uint32_t>(view_.step),
        std::chrono::duration_cast<std::chrono::seconds>(since).count(), view_.last_commit_round}});
}

void service::note(const engine::step_begun& n) {
    if (n.round != view_.round) {  // as the core forgets them
        view_.proposal.reset();
        view_.proposal_message = {};
        view_.parts.reset();
    }
    view_.round = n.round;
    view_.step = n.step;
    view_.start_time = n.start_time;
    hub_->broadcast(channels::state, step_message());
}

void service::note(const engine::proposal_news& n) {
    view_.proposal = n.proposal;
    view_.proposal_message = n.message;
}

void service::note(const engine::collecting& n) { collect(n.parts); }

void service::collect(const chain::part_set_header& parts) {
    if (view_.parts && view_.parts->header() == parts)
        return;
    auto fresh = chain::part_set::waiting_for(parts);
    if (fresh)
        view_.parts = std::move(*fresh);
}

void service::note(const engine::part_news& n) {
    if (view_.parts)
        (void)view_.parts->add(n.part);
}

void service::note(const engine::vote_news& n) {
    const chain::vote& v = *n.vote;
    if (v.height == view_.height) {
        auto& votes =
            view_.votes.try_emplace({v.round, v.type}, view_.validators.size()).first->second;
        hold(votes, v, n.message, n.majority);
    } else if (view_.last_commit && v.height + 1 == view_.height) {
        hold(*view_.last_commit, v, n.message, n.majority);
    }
    hub_->broadcast(channels::state,
                    encoded({messages::has_vote{v.height, v.round, v.type, v.validator_index}}));
}

void service::note(const engine::valid_block_news& n) {
    if (!view_.parts || view_.parts->header() != n.parts)
        return;
    hub_->broadcast(channels::state,
                    encoded({messages::new_valid_block{n.height, n.round, n.parts,
                                                       view_.parts->have(), /*is_commit=*/false}}));
}

// ---- peers ----

void service::peer_up(p2p::peer& p) {
    auto& served = *peers_.insert_or_assign(p.id(), std::make_unique<served_peer>(p)).first->second;
    if (view_.takes_part())
        p.try_send(channels::state, step_message());
    p.tasks().spawn(send_all(served, &pick_data));
    p.tasks().spawn(send_all(served, &pick_vote));
    p.tasks().spawn(send_queries(served));
}

void service::peer_down(p2p::peer& p, const error&) {
    if (const auto* counts = refused_of(p.id()); counts && counts->total() > 0)
        log_.debug("refused of a peer that is gone", "peer", p.id(), "counts", *counts);
    peers_.erase(p.id());
}

const refusal_counts* service::refused_of(const std::string& peer) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() ? nullptr : &found->second->refused;
}

/// Whatever is picked, until nothing is; then waits for something to change.
template <class Choice>
task<void> service::send_all(served_peer& p, picker<Choice> pick) {
    while (!p.peer.tasks().stopping()) {
        auto choice = pick(view_, p.state, here_.io().random());
        result<void> done;
        if (choice)
            done = co_await carry(p, std::move(*choice));
        else
            done = co_await p.changed.wait();
        if (!done)
            co_return;
    }
}

/// However long it takes: it is marked as sent already. Whether the peer is alive is for its connection to find out.
task<result<void>> service::send(served_peer& p, p2p::channel_id channel, slice message) {
    result<void> sent;
    do {
        sent = co_await p.peer.send(channel, message);
    } while (!sent && sent.error().code == errc::timed_out);
    co_return sent;
}

task<void> service::send_queries(served_peer& p) {
    while (!p.peer.tasks().stopping()) {
        result<void> slept = co_await runtime::sleep_for(options_.query_interval);
        if (!slept)
            co_return;
        if (view_.takes_part())
            for (auto& claim : majorities_for(view_, p.state))
                p.peer.try_send(channels::state, encoded({std::move(claim)}));
    }
}

task<result<void>> service::carry(served_peer& p, data_choice choice) {
    slice message;
    std::optional<slice> second;
    if (const auto* own = std::get_if<send_own_part>(&choice)) {
        message = part_message(view_.height, view_.round, *view_.parts->at(own->index));
    } else if (auto* proposal = std::get_if<send_proposal>(&choice)) {
        message = view_.proposal_message;
        if (proposal->pol)
            second = encoded({std::move(*proposal->pol)});
    } else if (const auto* header = std::get_if<ask_parts_header>(&choice)) {
        result<bool> loaded = co_await load_stored(p, header->height);
        if (!loaded)
            co_return pass(loaded);
        const auto parts =
            *loaded ? std::optional(p.stored->header()) : std::optional(chain::part_set_header{});
        p.state.on_stored_parts(header->height, parts);
        co_return result<void>{};
    } else {
        const auto& stored = std::get<send_stored_part>(choice);
        result<bool> loaded = co_await load_stored(p, stored.peer_height);
        if (!loaded)
            co_return pass(loaded);
        const chain::part* part = *loaded ? p.stored->at(stored.index) : nullptr;
        if (!part) {  // pruned meanwhile
            p.state.on_stored_parts(stored.peer_height, chain::part_set_header{});
            co_return result<void>{};
        }
        message = part_message(stored.peer_height, stored.peer_round, *part);
    }
    mark_sent(p.state, choice, view_);
    result<void> sent = co_await send(p, channels::data, std::move(message));
    if (sent && second)
        sent = co_await send(p, channels::data, std::move(*second));
    co_return sent;
}

task<result<void>> service::carry(served_peer& p, vote_choice choice) {
    if (auto* vote = std::get_if<send_vote>(&choice)) {
        p.state.mark_vote(vote->of, vote->index);
        result<void> sent = co_await send(p, channels::vote, std::move(vote->message));
        co_return sent;
    }
    const ask_commit asked = std::get<ask_commit>(choice);
    auto read =
        [asked](storage::store& s) -> result<std::shared_ptr<const chain::extended_commit>> {
        if (asked.with_extensions) {
            TRY(auto extended, s.extended_commit(asked.height));
            return extended ? std::make_shared<const chain::extended_commit>(std::move(*extended))
                            : nullptr;
        }
        TRY(auto plain, s.commit(asked.height));
        if (!plain) {
            TRY(plain, s.seen_commit(asked.height));
        }
        return plain ? std::make_shared<const chain::extended_commit>(chain::extended(*plain))
                     : nullptr;
    };
    auto found = co_await blocks_.read(read);
    if (!found)
        co_return pass(found);
    p.state.on_stored_commit(asked.height, std::move(*found));
    co_return result<void>{};
}

/// The parts of a stored block, kept while the peer is at its height. False: there is no such block any more.
task<result<bool>> service::load_stored(served_peer& p, height_t h) {
    if (p.stored && p.stored_height == h)
        co_return true;
    auto read = [h](storage::store& s) { return s.block(h); };
    result<std::optional<slice>> found = co_await blocks_.read(read);
    if (!found)
        co_return pass(found);
    if (!*found)
        co_return false;
    p.stored = chain::part_set::of(**found);
    p.stored_height = h;
    co_return true;
}

// ---- what peers send ----

task<result<void>> service::receive(p2p::peer& from, p2p::channel_id channel, slice message) {
    const auto found = peers_.find(from.id());
    if (found == peers_.end())
        co_return result<void>{};
    served_peer& p = *found->second;
    const height_t before = p.state.at().height;
    auto what = gossip::receive(channel, message, view_, p.state, here_.io().wall_clock());
    if (!what)
        co_return pass(what, "consensus");
    if (p.state.at().height != before && on_peer_height)
        on_peer_height(from.id(), p.state.at().height - 1);
    p.changed.notify();
    co_await ok(take(p, std::move(*what), std::move(message)));
    co_return result<void>{};
}

task<result<void>> service::take(served_peer& p, received what, slice message) {
    engine::peer_input in;
    in.from = source_of(p.peer.id());
    if (auto* why = std::get_if<refused>(&what)) {
        refuse(p, why->why, {});
        co_return result<void>{};
    }
    if (auto* proposal = std::get_if<candidate_proposal>(&what)) {
        if (auto good = verify(*proposal, options_.chain_id); !good) {
            refuse(p, refusal::bad_signature, good.error().text);
            co_return result<void>{};
        }
        // Its parts come right behind it, before the engine has said that it collects them, and who sent them does not send them again.
        // They reach the engine after the proposal.
        if (!view_.parts)
            collect(proposal->proposal.block.parts);
        in.what = core::proposal_received{std::move(proposal->proposal)};
        in.message = std::move(message);
    } else if (auto* vote = std::get_if<candidate_vote>(&what)) {
        if (auto good = verify(*vote, options_.chain_id); !good) {
            refuse(p, refusal::bad_signature, good.error().text);
            co_return result<void>{};
        }
        in.what = core::vote_received{std::move(vote->vote), in.from};
        in.message = std::move(message);
    } else if (auto* part = std::get_if<candidate_part>(&what)) {
        if (auto good = verify(*part); !good) {
            refuse(p, refusal::bad_proof, good.error().text);
            co_return result<void>{};
        }
        in.what = engine::part_received{view_.height, view_.round, std::move(part->part)};
        in.message = std::move(message);
    } else if (auto* claim = std::get_if<claimed_majority>(&what)) {
        p.peer.try_send(channels::vote_set_bits, encoded({std::move(claim->answer)}));
        if (!claim->is_new)
            co_return result<void>{};
        in.what = core::majority_claimed{claim->claim.height, claim->claim.round, claim->claim.type,
                                         claim->claim.block, in.from};
    } else {
        co_return result<void>{};
    }
    result<void> given = co_await inputs_.post(std::move(in));
    co_return given;
}

void service::refuse(served_peer& p, refusal kind, std::string_view why) {
    p.refused.add(kind);
    log_.debug("refused", "peer", p.peer.id(), "kind", name(kind), "why", why);
}

}  // namespace tetrad::consensus::gossip
