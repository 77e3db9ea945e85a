// SPDX-License-Identifier: Apache-2.0
#include "consensus/evidence/gossip.hpp"

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "consensus/evidence/pool.hpp"

namespace tetrad::consensus::evidence {

using runtime::ok;
using runtime::task;

gossip::gossip(runtime::shard& network, storage::client blocks, logger log)
    : here_(network), blocks_(blocks), log_(log) {}

void gossip::serve(submit_port& submits, runtime::scope& tasks) {
    submits.serve(tasks, [this](chain::evidence e) { return add(std::move(e)); });
}

std::vector<p2p::channel_descriptor> gossip::channels() const {
    return {{p2p::channels::evidence, 6, 1, message_bytes_max}};
}

// ---- what waits ----

task<result<void>> gossip::refresh() {
    struct waiting {
        std::vector<chain::evidence> evidence;
        std::int64_t max_age_blocks = 0;
    };
    auto read = [](storage::store& s) -> result<waiting> {
        TRY(const auto state, s.state());
        TRY(auto pending, s.pending_evidence(-1));
        return waiting{std::move(pending), state ? state->params.evidence.max_age_blocks : 0};
    };
    result<waiting> now = co_await blocks_.read(read);
    if (!now)
        co_return pass(now);
    max_age_blocks_ = now->max_age_blocks;
    items_.clear();
    for (const auto& e : now->evidence)
        hold(e);
    for (auto& [id, peer] : peers_)
        std::erase_if(peer.has, [this](const hash256& known) { return !items_.contains(known); });
    changed_.notify();
    co_return result<void>{};
}

void gossip::hold(const chain::evidence& e) {
    slice message(wire::encode(chain::evidence_list{{e}}));
    if (message.size() > message_bytes_max)
        return;
    const bool is_attack = std::holds_alternative<chain::light_client_attack>(e.what);
    items_.insert_or_assign(e.hash(),
                            item{e.height(), e.height() + (is_attack ? 1 : 0), std::move(message)});
}

task<result<void>> gossip::add(chain::evidence e) {
    auto unit = co_await verifying_.acquire();
    if (!unit)
        co_return pass(unit);
    auto work = [&e](storage::store& s) { return evidence::add(s, e); };
    result<bool> is_new = co_await blocks_.read(work);
    if (!is_new)
        co_return pass(is_new);
    if (*is_new) {
        log_.info("verified new evidence of byzantine behavior", "evidence", to_string(e));
        hold(e);
        changed_.notify();
    }
    co_return result<void>{};
}

// ---- peers ----

void gossip::peer_up(p2p::peer& p) {
    if (!p.has_channel(p2p::channels::evidence))
        return;
    peers_[p.id()] = {};
    p.tasks().spawn(send_to(p));
}

void gossip::peer_down(p2p::peer& p, const error&) { peers_.erase(p.id()); }

void gossip::on_peer_height(const std::string& peer, height_t h) {
    const auto known = peers_.find(peer);
    if (known == peers_.end() || known->second.decided >= h)
        return;
    known->second.decided = h;
    if (!items_.empty())
        changed_.notify();
}

const std::pair<const hash256, gossip::item>* gossip::pick(const served_peer& to) const {
    for (const auto& known : items_) {
        const item& i = known.second;
        // It is at the height after the one it decided.
        if (to.decided >= i.wanted && to.decided + 1 - i.height <= max_age_blocks_ &&
            !to.has.contains(known.first))
            return &known;
    }
    return nullptr;
}

task<void> gossip::send_to(p2p::peer& to) {
    while (!to.tasks().stopping()) {
        served_peer& peer = peers_.at(to.id());  // as long as its tasks run
        const auto* next = pick(peer);
        result<void> done;
        if (next) {
            peer.has.insert(next->first);
            const slice message = next->second.message;
            do {
                done = co_await to.send(p2p::channels::evidence, message);
            } while (!done && done.error().code == errc::timed_out);
        } else {
            done = co_await changed_.wait();
        }
        if (!done)
            co_return;
    }
}

task<result<void>> gossip::receive(p2p::peer& from, p2p::channel_id, slice message) {
    auto list = wire::decode<chain::evidence_list>(message);
    if (!list)
        co_return pass(list, "evidence");
    for (std::size_t i = 0; i < list->evidence.size(); ++i)
        if (auto good = check_shape(list->evidence[i]); !good)
            co_return pass(good, format("invalid evidence (#{})", i));
    for (auto& e : list->evidence) {
        const hash256 id = e.hash();
        result<void> added;
        if (!items_.contains(id))
            added = co_await add(std::move(e));
        if (!added && added.error().code != errc::full)
            co_return pass(added, "evidence");
        if (!added)
            log_.info("evidence is not kept", "peer", from.id(), "why", added.error().text);
        if (const auto known = peers_.find(from.id()); known != peers_.end() && items_.contains(id))
            known->second.has.insert(id);
    }
    co_return result<void>{};
}

}  // namespace tetrad::consensus::evidence
