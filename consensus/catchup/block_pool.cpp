// SPDX-License-Identifier: Apache-2.0
#include "consensus/catchup/block_pool.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tetrad::consensus {

std::int64_t pooled_block::bytes() const {
    auto total = encoded.size() + extended_bytes + outline->header.app_hash.size();
    if (outline->last_commit)
        total += outline->last_commit->signatures.size() * sizeof(chain::commit_sig);
    if (extended)
        total += extended->signatures.size() * sizeof(chain::extended_commit_sig);
    return static_cast<std::int64_t>(total);
}

// ---- peers ----

bool block_pool::is_banned(const std::string& id, instant now) {
    const auto at = bans_.find(id);
    if (at == bans_.end())
        return false;
    if (now < at->second)
        return true;
    bans_.erase(at);
    return false;
}

void block_pool::ban(const std::string& id, instant now) {
    if (bans_.size() >= bans_max && !bans_.contains(id))  // the one that ends first makes room
        bans_.erase(std::ranges::min_element(bans_, {}, [](const auto& b) { return b.second; }));
    bans_.insert_or_assign(id, now + ban_time);
    forget(id);
}

// Takes back what was asked of it and what it sent: its blocks may be as bad as it is.
void block_pool::forget(const std::string& id) {
    for (auto& [h, s] : slots_) {
        release(s, id);
        if (s.block && s.block->from == id) {
            buffered_bytes_ -= s.block->bytes();
            s.block.reset();
        }
    }
    peers_.erase(id);
}

result<void> block_pool::on_status(const std::string& id, height_t base, height_t height, instant now) {
    if (base > height) {
        ban(id, now);
        return fail(errc::invalid, format("status: base {} is above height {}", base.v, height.v));
    }
    const auto at = peers_.find(id);
    if (at == peers_.end()) {
        if (!is_banned(id, now))
            peers_.emplace(id, peer{base, height, height});
        return {};
    }
    if (base < at->second.base || height < at->second.height) {
        const auto before = at->second;
        ban(id, now);
        return fail(errc::invalid, format("status: {}..{} after {}..{}", base.v, height.v, before.base.v, before.height.v));
    }
    at->second.base = base;
    at->second.height = height;
    at->second.reached = std::max(at->second.reached, height);
    return {};
}

void block_pool::on_peer_reached(const std::string& id, height_t height) {
    if (const auto at = peers_.find(id); at != peers_.end())
        at->second.reached = std::max(at->second.reached, height);
}

void block_pool::on_peer_gone(const std::string& id) { forget(id); }

height_t block_pool::peer_height_max() const {
    height_t most{0};
    for (const auto& [id, p] : peers_)
        most = std::max(most, p.reached);
    return most;
}

// ---- requests ----

void block_pool::ask(slot& s, height_t h, const std::string& id, instant now, std::vector<request>& out) {
    auto& p = peers_.at(id);
    if (p.pending++ == 0) {
        p.last_data = p.busy_since = now;
        p.measuring = false;
    }
    ++pending_;
    s.asked_of.push_back({id, now});
    out.push_back({id, h});
}

// The request to this peer is over. False where there was none.
bool block_pool::release(slot& s, const std::string& id) {
    const auto gone = std::erase_if(s.asked_of, [&](const asked& a) { return a.peer == id; });
    pending_ -= static_cast<std::int64_t>(gone);
    if (const auto at = peers_.find(id); at != peers_.end())
        at->second.pending -= gone;
    return gone > 0;
}

// As release, but the answer may still come.
void block_pool::take_back(slot& s, const std::string& id) {
    if (release(s, id))
        if (const auto at = peers_.find(id); at != peers_.end())
            ++at->second.owed;
}

// The least busy peer that has the height, was not asked for it, and did not refuse it lately.
const std::string* block_pool::choose(slot& s, height_t h, instant now) const {
    std::erase_if(s.refused, [&](const asked& a) { return now - a.since >= refusal_time; });
    const auto among = [](const std::vector<asked>& list, const std::string& id) {
        return std::ranges::any_of(list, [&](const asked& a) { return a.peer == id; });
    };
    const std::string* best = nullptr;
    std::size_t best_pending = per_peer_max;
    for (const auto& [id, p] : peers_) {
        if (h < p.base || h > p.reached || p.pending >= best_pending || among(s.asked_of, id) || among(s.refused, id))
            continue;
        best = &id;
        best_pending = p.pending;
    }
    return best;
}

std::vector<block_pool::request> block_pool::next_requests(instant now) {
    std::vector<request> out;
    const auto window = std::min<std::int64_t>(window_max, static_cast<std::int64_t>(peers_.size() * per_peer_max));
    const auto last = std::min(peer_height_max(), next_ + (window - 1));
    for (height_t h = next_; h <= last; ++h) {
        const bool holds_up = h - next_ < 2;
        if (!holds_up && buffered_bytes_ + (pending_ + 1) * expected_block_bytes() > buffered_bytes_max)
            break;
        slot& s = slots_[h];
        if (s.block)
            continue;
        const bool first = s.asked_of.empty();
        const bool second = holds_up && s.asked_of.size() == 1 && now - s.asked_of.front().since >= second_request_after;
        if (!first && !second)
            continue;
        if (const std::string* id = choose(s, h, now))
            ask(s, h, *id, now, out);
    }
    return out;
}

bool block_pool::expects_from(const std::string& id) const {
    const auto at = peers_.find(id);
    return at != peers_.end() && at->second.pending + at->second.owed > 0;
}

result<bool> block_pool::on_block(const std::string& id, pooled_block block, instant now) {
    const height_t h = block.outline->header.height;
    const auto p = peers_.find(id);
    if (p == peers_.end())
        return false;  // banned meanwhile
    const auto at = slots_.find(h);
    if (at == slots_.end() || !release(at->second, id)) {
        if (p->second.owed == 0)
            return fail(errc::invalid, format("block {} was not asked of this peer", h.v));
        --p->second.owed;
    }
    p->second.last_data = now;
    if (at == slots_.end() || at->second.block)
        return false;  // another was faster
    const auto size = block.bytes();
    if (h - next_ >= 2 && buffered_bytes_ + size > buffered_bytes_max) {
        average_bytes_ = std::max(average_bytes_, size);  // more was asked for than there is room
        return false;
    }
    buffered_bytes_ += size;
    average_bytes_ += (size - average_bytes_) / 16;
    at->second.block = std::move(block);
    return true;
}

void block_pool::on_no_block(const std::string& id, height_t h, instant now) {
    const auto at = slots_.find(h);
    if (at != slots_.end() && release(at->second, id))
        at->second.refused.push_back({id, now});
    else if (const auto p = peers_.find(id); p != peers_.end() && p->second.owed > 0)
        --p->second.owed;
}

std::vector<block_pool::expelled> block_pool::on_time(instant now,
                                                      const std::function<std::int64_t(const std::string&)>& bytes_received) {
    std::vector<expelled> out;
    for (auto& [id, p] : peers_) {
        if (p.pending == 0)
            continue;
        if (p.measuring && (now - p.last_data < peer_timeout || now - p.busy_since < peer_timeout))
            continue;
        const auto bytes = bytes_received(id);
        if (p.measuring) {
            const auto seconds = (now - p.busy_since).count() / 1'000'000'000;
            const auto rate = (bytes - p.bytes_at_start) / seconds;
            if (rate < receive_rate_min)
                out.push_back({id, error(errc::timed_out, format("sent no block for {} s, {} bytes/s", peer_timeout.count() / 1'000'000'000, rate))});
        }
        p.measuring = true;
        p.bytes_at_start = bytes;
        p.busy_since = now;
    }
    for (const auto& e : out)
        ban(e.peer, now);
    for (auto& [h, s] : slots_) {
        std::erase_if(s.refused, [&](const asked& a) { return now - a.since >= refusal_time; });
        for (std::size_t i = s.asked_of.size(); i-- > 0;)
            if (now - s.asked_of[i].since >= request_timeout) {
                const std::string late = s.asked_of[i].peer;
                take_back(s, late);
                s.refused.push_back({late, now});
            }
    }
    return out;
}

instant block_pool::next_deadline(instant now) const {
    instant soonest = instant::never();
    for (const auto& [id, p] : peers_)
        if (p.pending > 0)
            soonest = std::min(soonest, p.measuring ? std::max(p.last_data, p.busy_since) + peer_timeout : p.busy_since + 1s);
    for (const auto& [h, s] : slots_) {
        for (const auto& a : s.refused)
            if (!s.block && s.asked_of.empty())
                soonest = std::min(soonest, a.since + refusal_time);
        for (const auto& a : s.asked_of) {
            const instant second = a.since + second_request_after;
            const bool may_ask_second = !s.block && h - next_ < 2 && s.asked_of.size() == 1 && second > now;
            soonest = std::min(soonest, may_ask_second ? second : a.since + request_timeout);
        }
    }
    return soonest;
}

// ---- blocks ----

const pooled_block* block_pool::at(height_t h) const {
    const auto at = slots_.find(h);
    return at == slots_.end() || !at->second.block ? nullptr : &*at->second.block;
}

void block_pool::advance() {
    if (const auto at = slots_.find(next_); at != slots_.end()) {
        for (const auto& a : std::vector<asked>(at->second.asked_of))
            take_back(at->second, a.peer);
        if (at->second.block)
            buffered_bytes_ -= at->second.block->bytes();
        slots_.erase(at);
    }
    ++next_;
}

std::vector<std::string> block_pool::reject(height_t h, instant now) {
    std::vector<std::string> senders;
    for (height_t each = h; each <= h + 1; ++each)
        if (const pooled_block* b = at(each); b && std::ranges::find(senders, b->from) == senders.end())
            senders.push_back(b->from);
    for (const auto& id : senders)
        ban(id, now);
    return senders;
}

}  // namespace tetrad::consensus
