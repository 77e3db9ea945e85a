// SPDX-License-Identifier: Apache-2.0
// session's last part: what was measured, after the measuring.
#include <algorithm>

#include "base/text.hpp"
#include "runtime/timer.hpp"
#include "tests/net/session.hpp"

namespace tetrad::net {

using runtime::ok;
using runtime::task;

namespace {

// The last ones: a long run ends without reading all of its chain.
constexpr std::size_t blocks_read_max = 120;
constexpr duration drain_time = 15s;

}  // namespace

task<void> session::summarize() {
    if (!end_)
        end_ = read();
    if (load_)
        load_->close();
    const auto& seen = watch_.seen();
    if (begin_->heights == 0 || end_->heights <= begin_->heights) {
        say("\nno height was measured\n");
        co_return;
    }
    const auto& first = seen[begin_->heights - 1];  // before those that count
    const auto& last = seen[end_->heights - 1];
    summary s;
    s.elapsed = last.at - first.at;
    s.measured = end_->at - begin_->at;
    s.first_height = first.height + 1;
    s.last_height = last.height;
    std::vector<duration> intervals;
    for (std::size_t i = begin_->heights; i < end_->heights; ++i) {
        intervals.push_back(seen[i].at - seen[i - 1].at);
        s.txs += static_cast<std::uint64_t>(seen[i].txs);
        s.rounds += seen[i].round > 0;
    }
    s.interval = median(std::move(intervals));
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        s.nodes.push_back(
            {end_->nodes[i].cpu - begin_->nodes[i].cpu, 0, end_->nodes[i].memory_max});
    s.loopback_bytes = end_->loopback_bytes - begin_->loopback_bytes;
    if (load_) {
        result<void> added = co_await add_latencies(s);
        if (!added)
            say(format("\nthe latencies cannot be read: {}\n", added.error().text));
    }
    say(text(s));
}

// Until all that the nodes took is in blocks, or its time or the user's patience is over.
task<result<void>> session::drain() {
    for (;;) {
        std::uint64_t in_blocks = 0;
        for (std::size_t i = heights_before_load_; i < watch_.seen().size(); ++i)
            in_blocks += static_cast<std::uint64_t>(watch_.seen()[i].txs);
        if (in_blocks >= load_->taken() && senders_.running() == 0)
            co_return result<void>{};
        co_await ok(watch_.wait(1));
    }
}

// Of the transactions that were due in the measured time.
task<result<void>> session::add_latencies(summary& s) {
    auto draining = drain();
    auto bounded = runtime::with_deadline(here_.now() + drain_time, std::move(draining));
    (void)co_await runtime::under(work_, bounded);

    const auto& seen = watch_.seen();
    const std::size_t end = seen.size(), most = std::min(end, blocks_read_max);
    const std::size_t begin = std::max(begin_->heights, end - most);
    const schedule& due = load_->arrivals();
    const std::uint64_t from = due.arrived(seen[begin - 1].at),
                        to = due.arrived(seen[end_->heights - 1].at);
    std::vector<duration> latencies;
    node_rpc rpc(loopback(nodes_.front().rpc_port));
    for (std::size_t i = begin; i < end; ++i) {
        std::vector<bytes> txs = co_await ok(rpc.txs_at(seen[i].height));
        for (const auto& tx : txs)
            if (const auto k = number_of(load_->run(), tetrad::text(tx));
                k && *k >= from && *k < to)
                latencies.push_back(seen[i].at - due.at(*k));
    }
    std::ranges::sort(latencies);
    const std::size_t asked = to > from ? to - from : 0,
                      missing = asked - std::min(asked, latencies.size());
    s.load =
        summary::loaded{options_.load, load_->refused(), missing,
                        percentile(latencies, missing, 0.5), percentile(latencies, missing, 0.99)};
    co_return result<void>{};
}

}  // namespace tetrad::net
