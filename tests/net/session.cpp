// SPDX-License-Identifier: Apache-2.0
#include "tests/net/session.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "base/text.hpp"
#include "config/files.hpp"
#include "runtime/timer.hpp"

namespace tetrad::net {

using runtime::ok;
using runtime::task;

namespace {

constexpr std::size_t heights_before =
    3;  // the first blocks are slow: connections are made meanwhile
constexpr std::size_t heights_of_load_before = 2;
constexpr duration patience = 60s;  // for the first heights
constexpr duration stop_time = 20s, height_time = 10s;
constexpr std::size_t lines_under_heading = 20, log_lines = 15;
constexpr std::size_t log_bytes_max = 64u << 20;

}  // namespace

session::session(runtime::shard& here, options o, const folder& where, std::vector<node> nodes,
                 environment env, signal_file& signals)
    : here_(here),
      options_(std::move(o)),
      folder_(where),
      nodes_(std::move(nodes)),
      environment_(std::move(env)),
      signals_(signals),
      watch_rpc_(loopback(nodes_.front().rpc_port)),
      line_rpc_(loopback(nodes_.front().rpc_port)),
      watch_(here, watch_rpc_),
      tasks_(here),
      lines_(here),
      senders_(here) {}

bool session::say(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (std::fflush(stdout) == 0)
        return true;
    work_.request();
    return false;
}

task<int> session::run() {
    if (auto started = start_nodes(); !started)
        failure_ = started.error().text;
    tasks_.spawn(heed_signals());
    if (failure_.empty()) {
        say(welcome(nodes_, folder_, options_.load == 0));
        tasks_.spawn(watch_.run());
        lines_.spawn(show_lines());
        auto measuring = measure();
        result<void> measured = co_await runtime::under(work_, measuring);
        if (!measured && failure_.empty() && stops_asked_ == 0 &&
            measured.error().code != errc::cancelled)
            failure_ = measured.error().text;
    }
    lines_.request_stop();
    co_await lines_.join();
    if (begin_ && failure_.empty())
        co_await summarize();
    senders_.request_stop();
    co_await senders_.join();
    co_await stop_nodes();
    tasks_.request_stop();
    co_await tasks_.join();
    if (failure_.empty())
        co_return 0;
    std::fprintf(stderr, "net: %s\n", failure_.c_str());
    co_return 1;
}

// ---- the nodes ----

result<void> session::start_nodes() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        TRY(nodes_[i].pid,
            start_program(start_command(options_.program, nodes_, i), environment_, nodes_[i].log));
    }
    return {};
}

bool session::any_runs() const {
    return std::ranges::any_of(nodes_, [](const node& n) { return n.pid != 0; });
}

void session::signal_nodes(int number) {
    for (const auto& n : nodes_)
        if (n.pid != 0)
            ::kill(n.pid, number);
}

task<result<void>> session::all_ended() {
    while (any_runs())
        co_await ok(runtime::wait_for(ended_));
    co_return result<void>{};
}

task<void> session::stop_nodes() {
    stopping_ = true;
    signal_nodes(SIGTERM);
    auto ending = all_ended();
    result<void> clean =
        co_await runtime::with_deadline(here_.now() + stop_time, std::move(ending));
    if (clean)
        co_return;
    for (const auto& n : nodes_)
        if (n.pid != 0 && failure_.empty())
            failure_ = format("{} did not end within {} of SIGTERM and was killed", n.name,
                              to_go_duration(stop_time));
    signal_nodes(SIGKILL);
    auto killed = all_ended();
    (void)co_await killed;
}

task<void> session::heed_signals() {
    for (;;) {
        result<int> number = co_await signals_.next(here_.io());
        if (!number)
            co_return;
        if (*number == SIGCHLD) {
            for (const auto& e : reap())
                on_ended(e);
        } else if (++stops_asked_ == 1) {
            work_.request();
        } else {
            stopping_ = true;
            signal_nodes(SIGKILL);
        }
    }
}

void session::on_ended(const ending& e) {
    const auto n = std::ranges::find(nodes_, e.pid, &node::pid);
    if (n == nodes_.end())
        return;
    n->pid = 0;
    if (!stopping_ && failure_.empty()) {
        const auto log = config::read_file(n->log, log_bytes_max);
        failure_ = format("{} has ended by itself: {}; its log ends with\n{}", n->name, e.how,
                          tail(log.value_or(""), log_lines));
        work_.request();
    }
    ended_.notify();
}

// ---- a line a second ----

session::reading session::read() const {
    reading r{.at = here_.now(),
              .heights = watch_.seen().size(),
              .nodes = {},
              .loopback_bytes = net::loopback_bytes()};
    for (const auto& n : nodes_)
        r.nodes.push_back(use_of(n.pid).value_or(use{}));
    r.loopback_bytes -=
        std::min(r.loopback_bytes, watch_rpc_.bytes_moved() + line_rpc_.bytes_moved() +
                                       (load_ ? load_->bytes_moved() : 0));
    return r;
}

task<void> session::show_lines() {
    reading before = read();
    for (std::size_t shown = 0;; ++shown) {
        result<void> woken = co_await runtime::sleep_until(before.at + 1s);
        if (!woken)
            co_return;
        result<std::int64_t> peers = co_await line_rpc_.peers();
        if (shown % lines_under_heading == 0 && !say(heading(nodes_.size(), options_.load > 0)))
            co_return;
        reading now = read();
        show(before, now, peers ? std::optional(*peers) : std::nullopt);
        before = std::move(now);
    }
}

void session::show(const reading& before, const reading& now, std::optional<std::int64_t> peers) {
    const auto& seen = watch_.seen();
    const double elapsed = std::chrono::duration<double>(now.at - before.at).count();
    second s;
    s.height = seen.empty() ? 0 : seen.back().height;
    s.peers = peers;
    std::int64_t txs = 0, all = 0;
    for (std::size_t i = 0; i < now.heights; ++i) {
        const bool is_new = i >= before.heights;
        txs += is_new ? seen[i].txs : 0;
        all += seen[i].txs;
        s.rounds += is_new && seen[i].round > 0;
        s.rounds_in_all += seen[i].round > 0;
    }
    s.txs = static_cast<double>(txs) / elapsed;
    if (options_.load > 0) {
        const auto arrived = load_ ? load_->arrivals().arrived(now.at) : 0;
        s.waiting = arrived - std::min(arrived, static_cast<std::uint64_t>(all));
    }
    for (std::size_t i = 0; i < now.nodes.size(); ++i) {
        const double cpu =
            std::chrono::duration<double>(now.nodes[i].cpu - before.nodes[i].cpu).count();
        s.nodes.push_back({std::max(0.0, cpu / elapsed * 100), now.nodes[i].memory});
    }
    say(line(s));
}

// ---- measuring ----

task<result<void>> session::measure() {
    auto first = watch_.wait(heights_before);
    result<void> begun = co_await runtime::with_deadline(here_.now() + patience, std::move(first));
    if (!begun && begun.error().code == errc::timed_out)
        co_return fail(
            errc::timed_out,
            format("no {} heights within {}; what the nodes say is in {} (--keep keeps it)",
                   heights_before, to_go_duration(patience), folder_.path()));
    if (!begun)
        co_return begun;
    if (options_.load > 0) {
        start_load();
        co_await ok(watch_.wait(heights_of_load_before));
    }
    begin_ = read();
    co_await ok(runtime::sleep_until(options_.duration_s > 0
                                         ? here_.now() + std::chrono::seconds(options_.duration_s)
                                         : instant::never()));
    auto last = watch_.wait(1);  // whole intervals are counted
    (void)co_await runtime::with_deadline(here_.now() + height_time, std::move(last));
    end_ = read();
    co_return result<void>{};
}

void session::start_load() {
    fixed<4> run;
    here_.io().random().fill(run.data);
    heights_before_load_ = watch_.seen().size();
    load_.emplace(here_, schedule{here_.now(), options_.load}, to_hex(run), options_.tx_bytes,
                  nodes_);
    for (std::size_t i = 0; i < load_->senders(); ++i)
        senders_.spawn(load_->send(i));
}

}  // namespace tetrad::net
