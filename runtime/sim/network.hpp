// SPDX-License-Identifier: Apache-2.0
// The network between hosts: who reaches whom, how long it takes, and the listeners and connections of all hosts. Connections are
// reliable ordered byte streams, as TCP gives them: what a partition holds back arrives after it has healed, or the connection
// times out; nothing is lost in the middle. Unix sockets are the same within one host.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "runtime/address.hpp"
#include "runtime/sim/events.hpp"
#include "runtime/sim/listener.hpp"
#include "runtime/sim/plan.hpp"
#include "runtime/sim/stream.hpp"

namespace tetrad::runtime::sim {

class world;
class host;

class network {
public:
    network(world&, net_plan, std::uint64_t seed);
    network(const network&) = delete;

    // ---- what a test does to it ----
    /// Nothing gets from a to b; the other direction stays as it is.
    void cut(const host& a, const host& b);
    /// Nothing gets from any of one group to any of the other, nor back.
    void partition(const std::vector<const host*>& one, const std::vector<const host*>& other);
    void mend(const host& a, const host& b);  // both directions
    void heal();                              // everything
    bool reaches(const host& from, const host& to) const;
    /// Every connection between the two breaks now: both ends get ECONNRESET.
    void reset_connections(const host& a, const host& b);
    /// New connections to this host are refused, listeners or not.
    void refuse(const host& to, bool yes);
    /// Overrides the plan for one direction.
    void set_link(const host& from, const host& to, net_plan);
    net_plan& plan() { return plan_; }
    /// Ends of connections that exist (each has two), for tests that look for leaks.
    std::size_t open_ends() const { return streams_.size(); }

    // ---- what backends ask ----
    /// 0, or minus errno. Port 0 chooses one.
    int listen(host& on, endpoint at, int backlog, std::shared_ptr<listener>& out);
    /// Its waiting connections are reset, and nobody is let in any more.
    void shut(listener&);
    /// The same, and its address is free.
    void close(listener&);
    /// `done` is called once, with a connected stream or an errno, unless it is cancelled before.
    using connected = std::function<void(int error, std::shared_ptr<stream>)>;
    std::uint64_t connect(host& from, const endpoint& to, connected done);
    void cancel_connect(std::uint64_t attempt);
    /// The machine is gone from the network at once, and tells nobody.
    void vanish(host&);
    /// A host went or came back, or what is cut changed: every connection looks at its path.
    void paths_changed();

    // ---- what streams ask ----
    world& in() { return world_; }
    seeded_random& random() { return random_; }
    stream* find(std::uint64_t number);
    std::shared_ptr<stream> share(std::uint64_t number);
    void forget(std::uint64_t number) { streams_.erase(number); }
    const net_plan& plan_of(const host& from, const host& to) const;
    duration draw_latency(const host& from, const host& to);
    /// A reset on its way from a host to an end elsewhere; lost where it does not get through.
    void send_reset(const host& from, const host& to, std::uint64_t number);

private:
    using host_pair = std::pair<std::size_t, std::size_t>;
    struct attempt {
        host* from = nullptr;
        host* to = nullptr;         // null: no such host
        endpoint peer;
        connected done;
        std::uint64_t server = 0;   // the server's end, once it exists
        duration next_try{};
        event_queue::id retry, give_up;
    };

    void send_request(std::uint64_t number);
    void request_arrives(std::uint64_t number);
    void send_answer(std::uint64_t number, int error);
    void answer_arrives(std::uint64_t number, int error);
    void finish(std::uint64_t number, int error, std::shared_ptr<stream>);
    void drop_server_end(std::uint64_t number);
    std::shared_ptr<stream> make_stream(std::uint64_t number, host& on, host& far, endpoint local, endpoint remote);
    host* host_at(host& from, const endpoint& to);
    std::shared_ptr<listener> find_listener(const host& on, const endpoint& to) const;
    bool is_bound(const host& on, const endpoint& at) const;
    std::uint16_t free_port(const host& on);

    world& world_;
    net_plan plan_;
    seeded_random random_;
    std::set<host_pair> cut_;
    std::set<std::size_t> refusing_;
    std::map<host_pair, net_plan> links_;
    std::vector<std::shared_ptr<listener>> listeners_;
    std::map<std::uint64_t, std::shared_ptr<stream>> streams_;
    std::map<std::uint64_t, attempt> attempts_;
    std::map<std::size_t, std::uint16_t> last_port_;  // by host
    std::uint64_t numbers_ = 0;
};

}  // namespace tetrad::runtime::sim
