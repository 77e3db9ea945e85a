// SPDX-License-Identifier: Apache-2.0
// One world, the same everywhere: a seed gives the same trace under any compiler, optimized or not, with any sanitizer. What a
// compiler leaves open (order of evaluation, uninitialized memory, addresses, hash tables) would show here as another number.
//
// The numbers change when the runtime schedules differently or the backends are asked for other things. That is no mistake of its
// own; the failure says the new number, and this is the only place of it. Two compilers that disagree are.
#include "runtime/sim/trace.hpp"

#include "runtime/file.hpp"
#include "runtime/port.hpp"
#include "runtime/tcp.hpp"
#include "runtime/timer.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using sim::testing::process;

namespace {

constexpr std::pair<std::uint64_t, std::uint64_t> golden[] = {
    {1, 0x4f4d9841883efd99},
    {2, 0xad5cb01eea7c8b99},
    {3, 0x2c71b1e83a9230d1},
    {4, 0xbe3739186ce6de11},
};

using length_port = port<bytes, result<std::uint64_t>>;

// A process of two shards: the first takes connections, the second keeps the log that both survive by.
class server {
public:
    explicit server(sim::host& h)
        : first_(h), second_on_(h.make_backend()), second_(second_on_, 1, "log"), tasks_(second_), door_({"log", 4, 2}, first_.here, second_) {
        h.in().add(second_on_);
        world_ = &h.in();
        door_.serve(tasks_, [this](bytes b) { return append(std::move(b)); });
        auto opened = tcp_listener::listen(first_.io(), h.at(26656));
        REQUIRE(opened.has_value());
        listener_.emplace(std::move(*opened));
        first_.tasks.spawn(accept_all());
    }
    ~server() {
        first_.stop();
        tasks_.request_stop();
        world_->run_until([&] { return tasks_.running() == 0; }, world_->now() + 1min);
        world_->run_idle();
    }

private:
    task<result<std::uint64_t>> append(bytes b) {
        if (!log_) {
            file opened = co_await ok(file::open("/log", open_flags::write | open_flags::create));
            result<std::uint64_t> size = opened.size();
            if (!size)
                co_return pass(size, "log");
            at_ = *size;
            log_.emplace(std::move(opened));
        }
        co_await ok(log_->write_at(at_, b));
        at_ += b.size();
        co_await ok(log_->sync());
        co_return at_;
    }
    task<void> accept_all() {
        for (;;) {
            result<tcp_stream> s = co_await listener_->accept();
            if (!s)
                co_return;
            first_.tasks.spawn(answer(std::move(*s)));
        }
    }
    task<void> answer(tcp_stream s) {
        bytes buffer(700);
        for (;;) {
            result<std::size_t> n = co_await s.read_some(buffer);
            if (!n || *n == 0)
                co_return;
            bytes got = to_bytes(byte_view(buffer).first(*n));
            const byte_view echo = byte_view(buffer).first(*n);
            result<std::uint64_t> kept = co_await door_.call(std::move(got));
            if (!kept)
                co_return;
            result<void> sent = co_await s.write_all(echo);
            if (!sent)
                co_return;
        }
    }

    process first_;
    executor second_on_;
    shard second_;
    scope tasks_;
    length_port door_;
    sim::world* world_;
    std::optional<tcp_listener> listener_;
    std::optional<file> log_;
    std::uint64_t at_ = 0;
};

task<result<void>> talk(endpoint to, int& rounds) {
    shard& here = co_await current_shard();
    tcp_stream s = co_await ok(tcp_connect(to));
    while (rounds > 0) {
        bytes out(1 + here.io().random().below(3000)), in(out.size());
        here.io().random().fill(out);
        co_await ok(s.write_all(out));
        auto echo = s.read_exact(in);
        co_await ok(with_deadline(here.now() + 2s, std::move(echo)));
        --rounds;
    }
    co_return result<void>{};
}
task<void> keep_talking(endpoint to, int& rounds) {
    while (rounds > 0) {
        result<void> talked = co_await talk(to, rounds);
        result<void> slept = co_await sleep_for(100ms);
        if (!slept)
            co_return;
        static_cast<void>(talked);
    }
}

std::uint64_t play(std::uint64_t seed) {
    sim::world_options options;
    options.seed = seed;
    options.disk.torn_sectors_are_garbage = true;
    sim::world w(options);
    sim::host& home = w.add_host("home", "10.0.0.1");
    sim::host& one = w.add_host("one", "10.0.0.2");
    sim::host& two = w.add_host("two", "10.0.0.3");
    std::array<int, 4> rounds{30, 30, 30, 1000};
    {
        auto serving = std::make_unique<server>(home);
        process a(one), b(two);
        for (int i = 0; i < 3; ++i)
            a.tasks.spawn(keep_talking(home.at(26656), rounds[i]));
        b.tasks.spawn(keep_talking(home.at(26656), rounds[3]));
        w.at(w.now() + 20ms, [&] { w.net().cut(home, one); });
        w.at(w.now() + 1s, [&] { w.net().heal(); });
        w.at(w.now() + 1500ms, [&] { w.net().reset_connections(home, one); });
        w.at(w.now() + 1600ms, [&] { home.disk().add_fault({op_code::write, "/log", 5, 1}); });
        w.at(w.now() + 2s, [&] { two.kill(); });
        w.run_for(3s);
        home.power_off();
        w.run_for(2s);
        serving.reset();
        home.power_on();
        serving = std::make_unique<server>(home);
        w.run_until([&] { return rounds[0] + rounds[1] + rounds[2] == 0; }, w.now() + 10min);
        CHECK(rounds[0] + rounds[1] + rounds[2] == 0);
        CHECK(rounds[3] > 0);
        serving.reset();
    }
    return w.trace_hash();
}

}  // namespace

TEST_CASE("sim: a seed gives the same trace under every compiler, optimized or sanitized") {
    for (const auto& [seed, hash] : golden) {
        const auto first = play(seed), again = play(seed);
        CHECK(first == again);
        INFO("seed " << seed << " gives " << format("{:#x}", first));
        CHECK(first == hash);
    }
}
