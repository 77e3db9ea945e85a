// SPDX-License-Identifier: Apache-2.0
#include "tests/net/watch.hpp"

#include <algorithm>

#include "runtime/timer.hpp"

namespace tetrad::net {

using runtime::ok;
using runtime::task;

instant next_look(const std::vector<seen_height>& seen) {
    constexpr std::size_t intervals = 8;
    if (seen.size() < 2)
        return seen.empty() ? instant{} : seen.back().at + poll_interval;
    duration shortest = duration::max();
    const std::size_t first = seen.size() > intervals ? seen.size() - intervals : 1;
    for (std::size_t i = first; i < seen.size(); ++i)
        shortest = std::min(shortest, seen[i].at - seen[i - 1].at);
    return seen.back().at + std::max(poll_interval, shortest / 8 * 7);
}

task<void> chain_watch::run() {
    for (;;) {
        const instant wanted = std::max(here_.now() + poll_interval, next_look(seen_));
        result<void> woken = co_await runtime::sleep_until(wanted);
        if (!woken)
            co_return;
        result<void> looked = co_await look();
        (void)
            looked;  // a node that starts refuses connections; one that ends is noticed by its process
    }
}

task<result<void>> chain_watch::look() {
    const std::int64_t height = co_await ok(from_.height());
    const instant at = here_.now();
    std::int64_t next = seen_.empty() ? std::max<std::int64_t>(height, 1) : seen_.back().height + 1;
    for (; next <= height; ++next) {
        seen_height s;
        static_cast<decided&>(s) = co_await ok(from_.decided_at(next));
        s.at = at;
        seen_.push_back(s);
        grown_.notify();
    }
    co_return result<void>{};
}

task<result<void>> chain_watch::wait(std::size_t more) {
    const std::size_t wanted = seen_.size() + more;
    while (seen_.size() < wanted)
        co_await ok(runtime::wait_for(grown_));
    co_return result<void>{};
}

}  // namespace tetrad::net
