// SPDX-License-Identifier: Apache-2.0
#include "tests/net/load.hpp"

#include <algorithm>

#include "runtime/timer.hpp"

namespace tetrad::net {

using runtime::task;

namespace {

constexpr duration pause =
    10ms;  // between the requests of a sender: so late may a transaction go out
constexpr std::size_t request_bytes = 256 * 1024;  // of transactions; nodes take a megabyte of JSON
constexpr std::size_t batch_most = 500;

}  // namespace

load::load(runtime::shard& here, schedule arrivals, std::string run, std::size_t tx_bytes,
           const std::vector<node>& to)
    : here_(here),
      arrivals_(arrivals),
      run_(std::move(run)),
      tx_bytes_(tx_bytes),
      batch_max_(std::clamp<std::size_t>(request_bytes / tx_bytes, 1, batch_most)) {
    for (const auto& n : to)
        rpc_.push_back(std::make_unique<node_rpc>(loopback(n.rpc_port)));
}

task<void> load::send(std::size_t sender) {
    node_rpc& to = *rpc_[sender];
    std::uint64_t next = sender;
    instant sent{};
    while (next < end_) {
        const instant wanted = std::max(arrivals_.at(next), sent + pause);
        result<void> woken = co_await runtime::sleep_until(wanted);
        if (!woken)
            co_return;
        sent = here_.now();
        const std::uint64_t arrived = std::min(end_, arrivals_.arrived(sent));
        std::vector<std::string> batch;
        for (; next < arrived && batch.size() < batch_max_; next += rpc_.size())
            batch.push_back(make_tx(run_, next, tx_bytes_));
        if (batch.empty())
            continue;
        if (batch.size() == batch_max_)
            sent = instant{};  // behind: no pause
        const std::size_t asked = batch.size();
        result<std::size_t> taken = co_await to.submit(std::move(batch));
        if (!taken && taken.error().code == errc::cancelled)
            co_return;
        taken_ += taken.value_or(0);
        refused_ += asked - taken.value_or(0);
    }
}

std::uint64_t load::bytes_moved() const {
    std::uint64_t all = 0;
    for (const auto& r : rpc_)
        all += r->bytes_moved();
    return all;
}

}  // namespace tetrad::net
