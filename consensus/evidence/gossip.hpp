// SPDX-License-Identifier: Apache-2.0
// The reactor of evidence (channel 0x38), network shard: tells each peer of the evidence that waits for a block, and takes what peers and
// RPC clients tell. What waits is the store's; a copy of it, encoded once for all peers, stands here and is read anew when the engine says
// that it changed, and with each block while there is any.
//
// A peer gets each piece once: when it has decided the height of the evidence (of an attack the one after it, whose block has the commit
// that it takes), and while the evidence is not too old for it in blocks. It is woken by new evidence and by the peer's height, never by
// time; CometBFT sends all of it again every ten seconds, which a connection that loses nothing does not need.
//
// Who sends evidence that is untrue or malformed is dropped; what is known is ignored. Verification is one closure on the storage side
// (evidence/pool), one at a time for all peers and clients; whoever comes meanwhile waits, and that peer's next message with it.
//
//   bounds: those of the store (storage/evidence_rows.hpp); evidence larger than a message may be is not told of.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "chain/evidence.hpp"
#include "p2p/peer.hpp"
#include "p2p/reactor.hpp"
#include "runtime/port.hpp"
#include "runtime/scope.hpp"
#include "runtime/sync.hpp"
#include "storage/client.hpp"

namespace tetrad::consensus::evidence {

/// api -> network: well-formed evidence of a client. errc::invalid: it is untrue.
using submit_port = runtime::port<chain::evidence, result<void>>;

class gossip final : public p2p::reactor {
public:
    static constexpr std::size_t message_bytes_max = 1 << 20;

    gossip(runtime::shard& network, storage::client blocks, logger log);

    void serve(submit_port&, runtime::scope&);
    /// Reads what waits. Before the hub starts, and when it may have changed.
    runtime::task<result<void>> refresh();
    /// There is something that a block may have taken away.
    bool has_any() const { return !items_.empty(); }
    /// A peer has decided this height.
    void on_peer_height(const std::string& peer, height_t);

    std::vector<p2p::channel_descriptor> channels() const override;
    void peer_up(p2p::peer&) override;
    void peer_down(p2p::peer&, const error& why) override;
    runtime::task<result<void>> receive(p2p::peer&, p2p::channel_id, slice message) override;

private:
    struct item {
        height_t height;
        height_t wanted;  // decided by who may have it
        slice message;
    };
    struct served_peer {
        height_t decided;
        std::set<hash256> has;  // of items_
    };

    runtime::task<result<void>> add(chain::evidence);
    void hold(const chain::evidence&);
    const std::pair<const hash256, item>* pick(const served_peer&) const;
    runtime::task<void> send_to(p2p::peer&);

    runtime::shard& here_;
    storage::client blocks_;
    logger log_;
    std::map<hash256, item> items_;
    std::int64_t max_age_blocks_ = 0;
    std::map<std::string, served_peer> peers_;
    runtime::event changed_;
    runtime::semaphore verifying_{1};
};

}  // namespace tetrad::consensus::evidence
