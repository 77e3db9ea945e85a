// SPDX-License-Identifier: Apache-2.0
// Creating a coroutine, awaiting its value, destroying it: what every call of a task<T> costs. There is nothing bare to compare with.
#include <thread>
#include <vector>

#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

constexpr std::int64_t calls = 10'000;

[[gnu::noinline]] runtime::task<std::int64_t> one_more(std::int64_t n) { co_return n + 1; }

runtime::task<void> call_for(duration window, std::vector<double>& times) {
    for (const instant end = clock_now() + window; clock_now() < end;) {
        const instant began = clock_now();
        std::int64_t n = 0;
        while (n < calls)
            n = co_await one_more(n);
        times.push_back(static_cast<double>((clock_now() - began).count()) /
                        static_cast<double>(calls));
    }
}

class coroutines final : public comparison {
public:
    explicit coroutines(const place& where) : where_(where) {}
    std::vector<metric> metrics() const override {
        return {{"coroutine", "ns", {aim::side::at_most, aim::of::value, 12}}};
    }
    result<sample> bare() override { return sample{}; }
    result<sample> ours() override {
        TRY(const auto on, our_shard::make());
        std::vector<double> times;
        sample out;
        std::thread running([&] {
            pin(where_.at.first);
            const meter used;
            on->tasks.spawn(call_for(where_.window / 2, times));
            on->run();
            out.waited = used.waited();
        });
        running.join();
        out.values = {median(times)};
        return out;
    }

private:
    place where_;
};

}  // namespace

std::unique_ptr<comparison> compare_coroutines(const place& where) {
    return std::make_unique<coroutines>(where);
}

}  // namespace tetrad::bench
