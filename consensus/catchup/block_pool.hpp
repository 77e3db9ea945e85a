// SPDX-License-Identifier: Apache-2.0
// Which block to ask of whom: the rules of block sync without I/O (CometBFT's BlockPool). Network shard; owned by the reactor.
//
//   heights   applied | height()                     height() + window
//                     | downloaded or asked for      | not asked for yet
//
// A window of heights above the last applied is asked for, each from one peer that has it, least busy first; a height that holds
// everything up is asked of a second peer. Blocks wait here until they are applied. A pair (h, h+1) of which one is bad loses both
// peers: it cannot be told who lied.
//
//   bounds: window_max heights, per_peer_max requests at one peer, buffered_bytes_max of what was received and is expected (the two lowest
//   heights are always allowed, whatever their size; another that does not fit is put away and asked for again when there is room), peers as
//   the hub allows, bans_max remembered bans.
//
// Deviations from CometBFT, none visible on the wire: no pause of 3 s before the first request and none of 2 ms between requests;
// a second peer is asked after second_request_after, not at once; a slow peer is judged by what its whole connection brings.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "chain/block.hpp"
#include "chain/commit.hpp"

namespace tetrad::consensus {

/// A block as it was received, and not opened: nobody has vouched for it. `encoded`: the bytes of the block inside the message.
struct pooled_block {
    std::shared_ptr<const chain::block_outline> outline;
    slice encoded;
    std::string from;
    std::shared_ptr<const chain::extended_commit> extended;  // null where none came with it
    std::size_t extended_bytes = 0;                          // of its encoding

    /// What it takes of memory: signatures take more than they did in the message.
    std::int64_t bytes() const;
};

class block_pool {
public:
    static constexpr std::size_t per_peer_max = 20;
    static constexpr std::int64_t window_max = 600;
    static constexpr std::int64_t buffered_bytes_max = 256 * 1024 * 1024;
    static constexpr std::size_t bans_max = 1000;
    static constexpr duration request_timeout = 30s;         // then it is asked of another
    static constexpr duration second_request_after = 2s;     // for the heights that everything waits for
    static constexpr duration refusal_time = 5s;             // then it may be asked for that height again
    static constexpr duration peer_timeout = 15s;            // without any data while something is asked of it
    static constexpr duration ban_time = 60s;
    static constexpr std::int64_t receive_rate_min = 128 * 1024;  // bytes per second, while something is asked of it

    struct request {
        std::string peer;
        height_t height;
    };
    /// A peer that broke a rule or was too slow: to be dropped.
    struct expelled {
        std::string peer;
        error why;
    };

    /// `next`: the first height to download.
    explicit block_pool(height_t next) : next_(next) {}

    // ---- what happens ----
    /// A peer told its range (StatusResponse). Fails where it contradicts itself: it is banned, and to be dropped.
    result<void> on_status(const std::string& peer, height_t base, height_t height, instant now);
    /// A peer is known to have `height` (it works on the next one). Only ever raises; unknown peers are ignored.
    void on_peer_reached(const std::string& peer, height_t height);
    void on_peer_gone(const std::string& peer);
    /// Fails where the block was not asked of this peer: it is to be dropped. True: it is new; false: it is not needed any more, or
    /// there is no room for it now.
    result<bool> on_block(const std::string& peer, pooled_block block, instant now);
    void on_no_block(const std::string& peer, height_t height, instant now);
    /// Is there an outstanding request to this peer? (A response without one is refused before it is decoded.)
    bool expects_from(const std::string& peer) const;
    /// `bytes_received`: of a peer's whole connection, so far.
    std::vector<expelled> on_time(instant now, const std::function<std::int64_t(const std::string&)>& bytes_received);

    // ---- what to do ----
    /// Requests to send now; each is counted as sent.
    std::vector<request> next_requests(instant now);
    /// When on_time or next_requests has something to do without anything happening before. Later than `now` where both were
    /// called at `now`: a second request that found nobody waits for an event, not for time.
    instant next_deadline(instant now) const;

    // ---- the blocks ----
    height_t height() const { return next_; }
    height_t peer_height_max() const;
    std::size_t peer_count() const { return peers_.size(); }
    bool has_peer(const std::string& id) const { return peers_.contains(id); }
    /// nullptr where it is not here.
    const pooled_block* at(height_t h) const;
    /// Block height() is applied and may go.
    void advance();
    /// Block h or its successor is bad: both senders are banned, their blocks go and are asked of others.
    std::vector<std::string> reject(height_t h, instant now);

private:
    struct asked {
        std::string peer;
        instant since;
    };
    struct slot {
        std::vector<asked> asked_of;  // at most two
        std::optional<pooled_block> block;
        std::vector<asked> refused;   // who does not have it or did not answer, and when that was
    };
    struct peer {
        height_t base, height;        // as it told
        height_t reached;             // what it is known to have decided, told or not
        std::size_t pending = 0;
        std::size_t owed = 0;         // answers that may still come to requests that were taken back
        instant last_data{};          // or when the first pending request was sent
        std::int64_t bytes_at_start = 0;
        instant busy_since{};
        bool measuring = false;
    };

    bool is_banned(const std::string& id, instant now);
    void ban(const std::string& id, instant now);
    void forget(const std::string& id);
    void ask(slot& s, height_t h, const std::string& id, instant now, std::vector<request>& out);
    bool release(slot& s, const std::string& id);
    void take_back(slot& s, const std::string& id);
    const std::string* choose(slot& s, height_t h, instant now) const;
    std::int64_t expected_block_bytes() const { return average_bytes_; }

    height_t next_;
    std::map<height_t, slot> slots_;
    std::map<std::string, peer> peers_;
    std::map<std::string, instant> bans_;
    std::int64_t buffered_bytes_ = 0;
    std::int64_t pending_ = 0;
    std::int64_t average_bytes_ = 4096;
};

}  // namespace tetrad::consensus
