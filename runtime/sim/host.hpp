// SPDX-License-Identifier: Apache-2.0
// One simulated machine: an address, a disk, and the backends of the process that runs on it. One process at a time.
//
// Crashes. kill() and power_off() cut the process off at once: from then on nothing its backends are asked reaches the network or
// the disk; operations in flight and later ones end with -EIO (-ECANCELED where they are cancelled). What is left of the process is
// then taken apart by the test as a node that stops with errors: request_stop, join, destroy. make_backend() afterwards belongs
// to the next process, which may run beside the remains of the last.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/address.hpp"
#include "runtime/backend.hpp"
#include "runtime/sim/disk.hpp"

namespace tetrad::runtime::sim {

class world;
class sim_backend;

class host {
public:
    host(world&, std::size_t index, std::string name, endpoint address);
    ~host();
    host(const host&) = delete;

    world& in() const { return world_; }
    const std::string& name() const { return name_; }
    std::size_t index() const { return index_; }
    /// With `port` filled in: where its listeners are found.
    endpoint at(std::uint16_t port) const;
    /// Where programs on this host find one another.
    static endpoint loopback(std::uint16_t port);

    /// For an executor of the process that runs (or starts) here. Several executors of a node take one each.
    std::unique_ptr<backend> make_backend();

    /// Survives everything but what a crash takes from it.
    sim::disk& disk() { return disk_; }

    /// kill -9: what was written stays (it is in the page cache), sockets are closed by the kernel as close() does.
    void kill();
    /// The plug is pulled: the disk keeps what was synced and what the seed spares; peers hear nothing. Down until power_on().
    void power_off();
    void power_on();
    bool is_up() const { return up_; }

    /// What wall_clock() is ahead of the world's, from now on (negative: behind). The monotonic clock is not touched.
    void set_wall_offset(duration d) { wall_offset_ = d; }
    duration wall_offset() const { return wall_offset_; }

    /// How many descriptors the process may have open (RLIMIT_NOFILE); more are EMFILE.
    void set_descriptor_limit(std::size_t n) { descriptor_limit_ = n; }
    std::size_t descriptor_limit() const { return descriptor_limit_; }
    /// Of the process that runs now.
    std::size_t open_descriptors() const;

private:
    friend class sim_backend;
    void backend_gone(sim_backend&);

    world& world_;
    std::size_t index_;
    std::string name_;
    endpoint address_;
    sim::disk disk_;
    bool up_ = true;
    duration wall_offset_{};
    std::vector<sim_backend*> running_;   // of the process that runs now
    std::uint64_t backends_made_ = 0;
    std::size_t backends_alive_ = 0;
    std::size_t descriptor_limit_ = 65536;
};

}  // namespace tetrad::runtime::sim
