// SPDX-License-Identifier: Apache-2.0
// The log thread: one ring of records for each thread that logs, drained into spdlog. The thread that logs owns a ring's tail,
// the log thread its head. Sleeping and waking go through one word that both sides change by read-modify-write, so either the
// sleeper sees the record or the writer sees that it must wake.
#include "base/log.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <csignal>
#include <thread>

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace tetrad {

namespace {
constexpr std::size_t cache_line = 64;

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
    static_assert(sizeof word == sizeof(std::uint32_t));
    return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}
}  // namespace

class log_thread::port final : public log_sink {
public:
    port(state& owner, std::function<timestamp()> clock, std::size_t records)
        : owner_(owner), clock_(std::move(clock)), slots_(new log_record[std::bit_ceil(records)]), mask_(std::bit_ceil(records) - 1) {}

    timestamp now() override { return clock_(); }
    void write(const log_record&) override;
    log_level level_of(std::string_view module) const override;

    // The log thread's side.
    const log_record* front() const {
        const auto head = head_.load(std::memory_order_relaxed);
        return head == tail_.load(std::memory_order_acquire) ? nullptr : &slots_[head & mask_];
    }
    void pop() { head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
    std::uint64_t dropped_reported = 0;
    timestamp last_time;

private:
    state& owner_;
    std::function<timestamp()> clock_;
    std::unique_ptr<log_record[]> slots_;
    std::size_t mask_;
    alignas(cache_line) std::atomic<std::uint64_t> tail_{0};
    std::atomic<std::uint64_t> dropped_{0};
    alignas(cache_line) std::atomic<std::uint64_t> head_{0};
};

struct log_thread::state {
    options settings;
    spdlog::logger out;
    std::vector<std::unique_ptr<port>> ports;
    std::thread thread;
    std::string line;
    alignas(cache_line) std::atomic<std::uint32_t> asleep{0};
    std::atomic<bool> stopping{false};

    state(options o, spdlog::sink_ptr sink) : settings(std::move(o)), out("tetrad", std::move(sink)) {
        out.set_pattern("%v");  // lines come laid out
        out.set_level(spdlog::level::trace);
        out.flush_on(spdlog::level::off);
    }

    void wake() {
        if (asleep.exchange(0, std::memory_order_acq_rel) == 1)
            futex(asleep, FUTEX_WAKE, 1);
    }

    void put(const log_record& r) {
        constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::err, spdlog::level::off};
        line.clear();
        render(line, r, settings.format);
        out.log(levels[static_cast<std::size_t>(r.level)], spdlog::string_view_t(line));
    }

    // A turn takes at most one ring's length from each port, so that no port waits for another's flood.
    bool drain() {
        bool wrote = false;
        for (auto& p : ports) {
            for (std::size_t left = settings.ring_records; left > 0; --left) {
                const auto* r = p->front();
                if (!r)
                    break;
                p->last_time = r->time;
                put(*r);
                p->pop();
                wrote = true;
            }
            if (const auto dropped = p->dropped(); dropped != p->dropped_reported) {
                log_record r;
                r.start("log ring was full, records dropped");
                r.time = p->last_time;
                r.level = log_level::error;
                r.module_size = 3;
                std::copy_n("log", 3, r.module_name.begin());
                r.add("dropped", dropped - p->dropped_reported);
                p->dropped_reported = dropped;
                put(r);
                wrote = true;
            }
        }
        return wrote;
    }

    bool pending() const {
        return std::any_of(ports.begin(), ports.end(), [](const auto& p) { return p->front() || p->dropped() != p->dropped_reported; });
    }

    void run() {
        for (;;) {
            if (drain())
                continue;
            out.flush();
            asleep.exchange(1, std::memory_order_acq_rel);
            if (pending()) {
                asleep.exchange(0, std::memory_order_acq_rel);
            } else if (stopping.load(std::memory_order_acquire)) {
                return;
            } else {
                futex(asleep, FUTEX_WAIT, 1);  // returns at once where the word is no longer 1; a false wake-up does no harm
            }
        }
    }
};

void log_thread::port::write(const log_record& r) {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) > mask_) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    slots_[tail & mask_] = r;
    tail_.store(tail + 1, std::memory_order_release);
    owner_.wake();
}

log_level log_thread::port::level_of(std::string_view module) const { return owner_.settings.levels.of(module); }

result<std::unique_ptr<log_thread>> log_thread::create(options o) {
    CHECK(o.ring_records > 0);
    try {
        spdlog::sink_ptr sink;
        if (o.path.empty())
            sink = std::make_shared<spdlog::sinks::stdout_sink_st>();
        else
            sink = std::make_shared<spdlog::sinks::basic_file_sink_st>(o.path);
        return std::unique_ptr<log_thread>(new log_thread(std::make_unique<state>(std::move(o), std::move(sink))));
    } catch (const spdlog::spdlog_ex& problem) {
        return fail(errc::io, problem.what());
    }
}

log_thread::log_thread(std::unique_ptr<state> s) : state_(std::move(s)) {}
log_thread::~log_thread() { stop(); }

log_sink& log_thread::add_port(std::function<timestamp()> now) {
    CHECK(!state_->thread.joinable());
    return *state_->ports.emplace_back(std::make_unique<port>(*state_, std::move(now), state_->settings.ring_records));
}

void log_thread::start() {
    CHECK(!state_->thread.joinable());
    state_->stopping = false;
    // Signals are for the main thread: the new thread inherits a mask that blocks them all.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    state_->thread = std::thread([s = state_.get()] { s->run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_setname_np(state_->thread.native_handle(), "log");
}

void log_thread::stop() {
    if (!state_->thread.joinable())
        return;
    state_->stopping.store(true, std::memory_order_release);
    state_->wake();
    state_->thread.join();
}

std::uint64_t log_thread::dropped() const {
    std::uint64_t total = 0;
    for (const auto& p : state_->ports)
        total += p->dropped();
    return total;
}

}  // namespace tetrad
