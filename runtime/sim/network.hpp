// SPDX-License-Identifier: Apache-2.0
// The network between hosts: who reaches whom, how long it takes, and the listeners and connections of all hosts. Connections are
// reliable ordered byte streams, as TCP gives them: what a partition holds back arrives after it has healed, or the connection
// times out; nothing is lost in the middle.
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
#include "runtime/sim/plan.hpp"

namespace tetrad::runtime::sim {

class world;
class host;
class connection;
class listener;

class network {
public:
    network(world&, net_plan, std::uint64_t seed);
    ~network();

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
    /// Connections that exist, for tests that look for leaks.
    std::size_t open_connections() const;

private:
    friend class connection;
    friend class listener;
    friend class host;
    friend class sim_backend;
    using host_pair = std::pair<std::size_t, std::size_t>;

    const net_plan& plan_of(const host& from, const host& to) const;
    duration draw_latency(const host& from, const host& to);

    world& world_;
    net_plan plan_;
    seeded_random random_;
    std::set<host_pair> cut_;
    std::set<std::size_t> refusing_;
    std::map<host_pair, net_plan> links_;
};

}  // namespace tetrad::runtime::sim
