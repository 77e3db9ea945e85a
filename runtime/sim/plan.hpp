// SPDX-License-Identifier: Apache-2.0
// How the simulated network and disks behave: plain numbers, set when a world is made and changeable while it runs. Everything
// that varies is drawn from the world's seed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace tetrad::runtime::sim {

/// One-way delay between two hosts: latency_min plus a uniform part so that the mean is latency_mean; one segment in 64 takes up
/// to latency_max.
struct net_plan {
    duration latency_min = 50us;
    duration latency_mean = 500us;
    duration latency_max = 20ms;
    duration loopback_latency = 15us;           // within a host
    std::uint64_t bytes_per_second = 0;         // each direction of a connection; 0: unlimited
    std::size_t send_buffer = 256 * 1024;       // bytes a sender may be ahead of what has arrived
    std::size_t receive_buffer = 256 * 1024;    // bytes that arrived, or are on their way, and were not read
    std::size_t segment_max = 16 * 1024;
    std::uint32_t short_io_percent = 10;        // of sends and recvs that move fewer bytes than they could
    duration connect_timeout = 127s;            // ETIMEDOUT where nobody answers (Linux: six retries)
    duration stall_timeout = 924s;              // the same for data that cannot get through (Linux: fifteen)
    duration keep_alive_idle = 15s;             // an idle connection asks its peer, who may have forgotten it
    duration keep_alive_timeout = 150s;         // ETIMEDOUT for one that has nothing to send and cannot reach its peer
};

struct disk_plan {
    duration metadata_time = 20us;              // open, rename, unlink, make_dir, truncate, allocate
    duration transfer_time = 30us;              // read, write
    duration sync_time_min = 150us;
    duration sync_time_max = 3ms;
    std::uint32_t short_io_percent = 5;         // of reads and writes that move fewer bytes than asked
    std::uint64_t capacity = 0;                 // bytes of all files; 0: unlimited
    /// At a power loss a 512-byte sector that was not synced is old or new; where this is set it may also be garbage.
    bool torn_sectors_are_garbage = false;
};

}  // namespace tetrad::runtime::sim
