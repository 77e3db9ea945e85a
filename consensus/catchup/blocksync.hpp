// SPDX-License-Identifier: Apache-2.0
// Block sync (channel 0x40), until there is nothing left to download; then consensus goes on and this serves others. Network shard.
//
//   peers --blocks--> block_pool --pairs (h, h+1)--> verification (a helper thread, ahead of execution) --in order--> apply port
//   storage <--reads-- requests of peers
//
// A block is opened when +2/3 have signed it, on the helper thread: what a peer makes up costs us the bytes that it sent, a header, and at
// most votes_max signatures of each commit, whatever it is made of. block.max_bytes plays no part: a block that the validators
// committed is within it, and the parameters of a height are known only when the one before it was executed.
//
// Everything is driven by events: a peer's status or round step, a block, a verdict, an answer of the consensus shard; the only
// timers are deadlines of what was asked and the status request every ten seconds. Peers are told of each new block by an
// unsolicited status (while we are far behind, of some).
//
//   bounds: the pool's; verified blocks waiting for execution: ahead_max; a verification takes at most batch_max blocks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/log.hpp"
#include "chain/messages.hpp"
#include "consensus/catchup/block_pool.hpp"
#include "consensus/catchup/ports.hpp"
#include "p2p/hub.hpp"
#include "p2p/reactor.hpp"
#include "runtime/offload.hpp"
#include "runtime/scope.hpp"
#include "storage/client.hpp"

namespace tetrad::consensus {

class blocksync final : public p2p::reactor {
public:
    static constexpr std::int64_t ahead_max = 64;
    static constexpr std::int64_t batch_max = 16;
    static constexpr duration status_interval = 10s;
    static constexpr std::size_t unasked_bytes_max = 1024;  // of a message that is no block

    /// `tip`: where the chain stands when the network shard starts. `workers` verifies; used by this reactor only.
    blocksync(runtime::shard& network, chain_tip tip, apply_port& apply, storage::client blocks, runtime::offload& workers,
              logger log);

    /// Before the hub starts; `hub` outlives run().
    void attach(p2p::hub& hub) { hub_ = &hub; }
    /// Told whenever a peer's height becomes known or grows. Set before the hub starts.
    std::function<void(const std::string& peer, height_t)> on_peer_height;

    /// A peer announced by its round step that it has decided this height.
    void on_peer_reached(const std::string& peer, height_t);
    /// Whom this node signs for: a chain that cannot move without it is not waited for. Before run().
    void sign_for(const crypto::address& a) { self_ = a; }
    /// Told once when there is nothing to download any more, and nothing under way: consensus may begin. Set before run().
    std::function<void()> on_caught_up;
    /// A block was decided here.
    void on_decided(height_t);

    /// Runs until its scope stops.
    runtime::task<void> run();
    /// The chain as the network shard knows it.
    const chain_tip& tip() const { return tip_; }
    /// What the peers have, as far as they said.
    height_t peer_height_max() const { return pool_.peer_height_max(); }

    std::vector<p2p::channel_descriptor> channels() const override;
    void peer_up(p2p::peer&) override;
    void peer_down(p2p::peer&, const error& why) override;
    bool expects(const p2p::peer&, p2p::channel_id) const override;
    runtime::task<result<void>> receive(p2p::peer&, p2p::channel_id, slice message) override;

private:
    struct job {
        height_t height;
        std::shared_ptr<const chain::block_outline> first, second;
        slice received;                                          // first, as it came
        std::shared_ptr<const chain::extended_commit> extended;
        chain::validator_set validators;
        result<synced_block> out = fail(errc::cancelled, "not verified");
    };

    runtime::task<result<void>> on_request(p2p::peer&, height_t);
    result<void> on_response(p2p::peer&, const chain::messages::block_response&);
    slice status_message() const;
    bool is_far_behind() const;
    void announce();

    void send_requests();
    std::vector<job> next_jobs();
    void on_verified(std::vector<job>& jobs, std::uint64_t generation);
    void reject(height_t h, const error& why);
    void drop(const std::string& id, error why);
    void note_height(const std::string& peer, height_t h);
    runtime::task<void> verify_loop();
    runtime::task<void> apply_loop();
    runtime::task<void> apply_one(synced_block block, std::uint64_t generation);
    runtime::task<void> clock_loop();
    runtime::task<void> status_loop();
    runtime::task<void> switch_loop();
    bool is_caught_up() const;
    bool holds_up_the_chain() const;
    bool is_alone() const;

    runtime::shard& here_;
    const std::string chain_id_;     // read by the helper thread, while tip_ changes
    chain_tip tip_;
    apply_port& apply_;
    storage::client blocks_;
    runtime::offload& workers_;
    logger log_;
    p2p::hub* hub_ = nullptr;
    runtime::scope tasks_;

    block_pool pool_;
    std::map<height_t, synced_block> verified_;
    height_t verify_next_, apply_next_;
    bool downloads_ = true;
    std::optional<crypto::address> self_;
    std::size_t applying_ = 0;
    std::uint64_t generation_ = 0;   // goes up when what is under way is void
    runtime::event changed_;         // the pool, the tip or verified_ changed
    runtime::event deadlines_;       // next_deadline() may be sooner
};

}  // namespace tetrad::consensus
