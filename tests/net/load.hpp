// SPDX-License-Identifier: Apache-2.0
// The load: an open loop. Transaction k goes to node k modulo n at its scheduled time; where a node is slow to answer, what has become
// due meanwhile goes out together afterwards, and its latency counts from its own time all the same.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/shard.hpp"
#include "tests/net/homes.hpp"
#include "tests/net/rpc.hpp"
#include "tests/net/schedule.hpp"

namespace tetrad::net {

class load {
public:
    load(runtime::shard& here, schedule arrivals, std::string run, std::size_t tx_bytes,
         const std::vector<node>& to);

    std::size_t senders() const { return rpc_.size(); }
    /// One for each node: until it is stopped, or has sent its part of what arrived before close().
    runtime::task<void> send(std::size_t sender);
    void close() { end_ = arrivals_.arrived(here_.now()); }

    const schedule& arrivals() const { return arrivals_; }
    const std::string& run() const { return run_; }
    std::uint64_t taken() const { return taken_; }
    std::uint64_t refused() const { return refused_; }  // by a node, or there was no answer
    std::uint64_t bytes_moved() const;

private:
    runtime::shard& here_;
    const schedule arrivals_;
    const std::string run_;
    const std::size_t tx_bytes_, batch_max_;
    std::vector<std::unique_ptr<node_rpc>> rpc_;
    std::uint64_t end_ = UINT64_MAX, taken_ = 0, refused_ = 0;
};

}  // namespace tetrad::net
