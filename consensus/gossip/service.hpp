// SPDX-License-Identifier: Apache-2.0
// The reactor of consensus (channels 0x20 to 0x23), network shard: keeps the view of our own consensus by the engine's news, tells all
// peers of it, sends each peer what it lacks, and gives the engine what peers sent and what verifies.
//
// Nothing polls: a peer's senders wait until the view changes or the peer says something. Only majorities are asked about every two
// seconds, and only while there are any (query_interval). What a peer sent is verified here, one at a time for each peer; where the
// engine's door is full the peer waits. What is refused is counted for each peer, and logged when it goes (level debug).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "consensus/engine/ports.hpp"
#include "consensus/gossip/data.hpp"
#include "consensus/gossip/peer_state.hpp"
#include "consensus/gossip/receive.hpp"
#include "consensus/gossip/view.hpp"
#include "consensus/gossip/votes.hpp"
#include "p2p/hub.hpp"
#include "p2p/reactor.hpp"
#include "runtime/sync.hpp"
#include "storage/client.hpp"

namespace tetrad::consensus::gossip {

struct service_options {
    std::string chain_id;
    height_t initial_height;
    duration query_interval = 2s;  // peer_query_maj23_sleep_duration
};

class service final : public p2p::reactor {
public:
    service(runtime::shard& network, service_options, engine::input_port&, storage::client blocks,
            logger);

    /// Before the hub starts; it outlives the peers.
    void attach(p2p::hub& hub) { hub_ = &hub; }
    /// News of the engine, in order.
    runtime::task<result<void>> on_news(engine::news);
    /// Told whenever a peer says that it decided a height. Set before the hub starts.
    std::function<void(const std::string& peer, height_t)> on_peer_height;

    const view& what_we_have() const { return view_; }
    /// Of a peer that is connected; nullptr: it is not.
    const refusal_counts* refused_of(const std::string& peer) const;

    std::vector<p2p::channel_descriptor> channels() const override;
    void peer_up(p2p::peer&) override;
    void peer_down(p2p::peer&, const error& why) override;
    runtime::task<result<void>> receive(p2p::peer&, p2p::channel_id, slice message) override;

private:
    struct served_peer {
        explicit served_peer(p2p::peer& p) : peer(p) {}
        p2p::peer& peer;
        peer_state state;
        refusal_counts refused;
        runtime::event changed;                 // it said something
        std::optional<chain::part_set> stored;  // of the block that it catches up with
        height_t stored_height;
    };

    void note(const engine::height_begun&);
    void note(const engine::step_begun&);
    void note(const engine::proposal_news&);
    void note(const engine::collecting&);
    void note(const engine::part_news&);
    void note(const engine::vote_news&);
    void note(const engine::valid_block_news&);
    void wake();
    void collect(const chain::part_set_header&);
    slice step_message() const;

    template <class Choice>
    using picker = std::optional<Choice> (*)(const view&, peer_state&, random_source&);
    template <class Choice>
    runtime::task<void> send_all(served_peer&, picker<Choice>);
    runtime::task<void> send_queries(served_peer&);
    runtime::task<result<void>> send(served_peer&, p2p::channel_id, slice message);
    runtime::task<result<void>> carry(served_peer&, data_choice);
    runtime::task<result<void>> carry(served_peer&, vote_choice);
    runtime::task<result<bool>> load_stored(served_peer&, height_t);
    runtime::task<result<void>> take(served_peer&, received, slice message);
    void refuse(served_peer&, refusal, std::string_view why);

    runtime::shard& here_;
    service_options options_;
    engine::input_port& inputs_;
    storage::client blocks_;
    logger log_;
    p2p::hub* hub_ = nullptr;
    view view_;
    std::map<std::string, std::unique_ptr<served_peer>> peers_;
};

}  // namespace tetrad::consensus::gossip
