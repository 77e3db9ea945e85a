// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/text.hpp"
#include "runtime/frame_pool.hpp"
#include "runtime/shard.hpp"

namespace tetrad::runtime {

namespace {

constexpr instant at_once{INT64_MIN};  // a deadline that has passed: look, do not block

// What a queue may use before the others are looked at, and all of them before the kernel's completions and the mail are. Whatever
// is counted in cycles is counted in resumptions too: simulated turns end by the latter.
constexpr duration slice_max = 500us;
constexpr std::uint64_t resumptions_max = 512;
constexpr std::uint64_t look_every = 16;  // resumptions between two looks at the cycles
constexpr std::uint64_t backend_at_least_every = 64;  // turns, where it says that it has nothing
constexpr duration clock_lasts = 2us;  // a turn that begins so soon after the last look at the clock is of the same time
constexpr int looks_max = 16;          // of a thread that spins, between two at the cycles: they cost more than a look

// Virtual time is cycles * scale / shares.
constexpr std::uint64_t scale = 128;

void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

}  // namespace

executor::executor(std::unique_ptr<backend> io, executor_options options)
    : io_(std::move(io)),
      options_(std::move(options)),
      now_(io_->now()),
      looked_(now_),
      limits_(options_.limits),
      began_(now_),
      began_cycles_(io_->cycles()),
      stats_(metrics_, options_.thread) {}

executor::~executor() { CHECK(shards_.empty() && queues_.empty()); }

void executor::attach(shard& s) { shards_.push_back(&s); }
void executor::detach(shard& s) { std::erase(shards_, &s); }
void executor::attach(task_queue& q) { queues_.push_back(&q); }
void executor::detach(task_queue& q) { std::erase(queues_, &q); }

void executor::stop() {
    stopping_.store(true, std::memory_order_release);
    io_->wake();
}

void executor::wake(executor& other) {
    stats_.wakes_sent.add();
    other.io_->wake();
}

// ---- the loop ----

// One system call a turn: what the shards asked for goes in and what is done comes out with the same call, which also sleeps
// where nothing is runnable.
void executor::run() {
    cycles_ = io_->cycles();
    while (!stopping_.load(std::memory_order_acquire)) {
        run_shards();
        const bool sleeps = !has_work() && !spin() && prepare_to_sleep();
        if (!sleeps && turn_ % backend_at_least_every != 0 && !io_->has_news())
            continue;
        io_->turn(sleeps ? timers_.wake() : at_once);
        cycles_ = io_->cycles();
        was_idle_ = sleeps;
        if (sleeps)
            woke_up();
    }
    stopping_.store(false, std::memory_order_relaxed);
}

bool executor::turn() {
    was_idle_ = !has_work();
    io_->turn(at_once);
    cycles_ = io_->cycles();
    return run_shards();
}

// The clock costs more than the cycles, and these more than many a turn: they were looked at when the backend returned, when a slice
// ended, and by who spins, within 0.1 us. In the simulation, which counts none, the clock is all there is.
void executor::look_at_clock() {
    if (cycles_ != 0 && cycles_ - clock_cycles_ < to_cycles(clock_lasts))
        return;
    clock_cycles_ = cycles_;
    now_ = io_->now();
}

bool executor::run_shards() {
    look_at_clock();
    // What became ready while nothing was runnable waits for its turn from now on, not since the thread fell asleep.
    if (std::exchange(was_idle_, false))
        back_ = now_;
    stats_.turns.add();
    bool any = timers_.fire_due(now_);
    for (std::size_t i = 0; i < shards_.size(); ++i)  // by index: a task may make or end a shard (tests do)
        any |= shards_[i]->poll_mail();
    any |= run_queues();
    for (shard* s : shards_)
        s->flush_mail();
    if (report_ && now_ - looked_ >= 1s)
        look_at_health();
    return any;
}

bool executor::has_work() const {
    return std::any_of(queues_.begin(), queues_.end(), [](const task_queue* q) { return q->runnable(); });
}

bool executor::has_mail() const {
    return std::any_of(shards_.begin(), shards_.end(), [](const shard* s) { return s->has_mail(); });
}

instant executor::next_deadline() const { return timers_.next(); }

bool executor::spin() {
    if (options_.spin <= duration::zero())
        return false;
    const instant deadline = std::min(timers_.wake(), now_ + options_.spin);
    const std::uint64_t end = cycles_ + to_cycles(deadline - now_);
    do {
        for (int looks = 0; looks < looks_max; ++looks)
            if (has_mail() || io_->has_news() || stopping_.load(std::memory_order_relaxed)) {
                stats_.spins_won.add();
                return true;
            }
        pause();
        cycles_ = io_->cycles();
    } while (cycles_ < end);
    return false;
}

bool executor::prepare_to_sleep() {
    if (has_mail())  // also what one shard of this thread sent to another
        return false;
    for (shard* s : shards_)
        s->announce_sleep();
    if (has_mail()) {
        woke_up();
        return false;
    }
    stats_.sleeps.add();
    calibrate();
    asleep_.store(true, std::memory_order_relaxed);
    return true;
}

void executor::woke_up() {
    asleep_.store(false, std::memory_order_relaxed);
    for (shard* s : shards_)
        s->announce_awake();
}

// ---- shares ----

void executor::runnable(task_queue& q) {
    const std::uint64_t slice = to_cycles(slice_max) * scale / q.spec_.shares;
    const std::uint64_t back = q.spec_.latency && floor_ > slice ? floor_ - slice : q.spec_.latency ? 0 : floor_;
    q.virtual_time_ = std::max(q.virtual_time_, back);
    preempt_ |= q.spec_.latency;
}

task_queue* executor::choose() {
    task_queue* best = nullptr;
    for (task_queue* q : queues_)
        if (q->runnable() && q->turn_ != turn_ && (!best || q->virtual_time_ < best->virtual_time_))
            best = q;
    return best;
}

// A queue gets one slice a turn: what becomes ready in it meanwhile waits for the next, so that a task which yields for ever hides
// nobody.
bool executor::run_queues() {
    ++turn_;
    const std::uint64_t end = cycles_ + to_cycles(slice_max);
    bool any = false;
    preempt_ = false;
    for (task_queue* q = choose(); q && !preempt_; q = choose()) {
        run_slice(*q);
        any = true;
        if (cycles_ > end)
            break;
    }
    return any;
}

void executor::run_slice(task_queue& q) {
    running_.store(&q, std::memory_order_relaxed);
    q.turn_ = turn_;
    floor_ = std::max(floor_, q.virtual_time_);
    const std::uint64_t begin = cycles_, end = begin + to_cycles(slice_max);
    std::uint64_t resumptions = 0, look_at = look_every - 1;
    const bool may_be_preempted = !q.spec_.latency;
    auto may_go_on = [&] {
        if (resumptions == look_at) [[unlikely]] {
            if (resumptions == resumptions_max || io_->cycles() >= end)
                return false;
            look_at = std::min(look_at + look_every, resumptions_max);
        }
        if (preempt_ && may_be_preempted) [[unlikely]]
            return false;
        ++resumptions;
        return true;
    };
    // A chain that the end of a slice interrupts goes on first in the next one, so that tasks keep their order; one that a whole slice
    // does not suffice goes behind the others.
    if (q.interrupted_ && may_go_on())
        if (const auto left = q.drive(std::exchange(q.interrupted_, {}), may_go_on))
            q.ready_.push_back({left, now_});
    duration waits{}, longest_wait{};
    for (std::size_t n = q.ready_.size(); n > 0 && may_go_on(); --n) {
        const task_queue::entry e = q.ready_.front();
        q.ready_.pop_front();
        const duration waited = now_ - std::max(e.since, back_);
        waits += waited;
        longest_wait = std::max(longest_wait, waited);
        q.interrupted_ = q.drive(e.handle, may_go_on);
    }
    running_.store(nullptr, std::memory_order_relaxed);
    cycles_ = io_->cycles();
    account(q, cycles_ - begin, resumptions, longest_wait, waits);
}

void executor::account(task_queue& q, std::uint64_t cycles, std::uint64_t resumptions, duration longest_wait, duration waits) {
    q.virtual_time_ += (cycles + resumptions) * scale / q.spec_.shares;
    const duration took = to_time(cycles);
    q.stats_.slices.add();
    q.stats_.resumptions.add(resumptions);
    q.stats_.run.add(took);
    q.stats_.wait.add(waits);
    q.longest_wait_ = std::max(q.longest_wait_, longest_wait);
    if (took <= options_.stall)
        return;
    stats_.stalls.add();
    if (report_)
        report_(format("queue {} held its thread for {} ms in {} resumptions", q.full_name(), took / 1ms, resumptions));
}

// ---- cycles and time ----

void executor::calibrate() {
    const duration passed = now_ - began_;
    const std::uint64_t cycles = io_->cycles() - began_cycles_;
    if (passed > 10ms && cycles > 0)
        cycles_per_ns_ = static_cast<double>(cycles) / static_cast<double>(passed.count());
}

void executor::look_at_health() {
    looked_ = now_;
    stats_.memory.set(static_cast<double>(frame_pool::bytes_alive()));
    stats_.in_flight.set(static_cast<double>(io_->counts().in_flight()));
    std::size_t mail = 0;
    for (const shard* s : shards_)
        mail += s->mail_waiting();
    stats_.mail.set(static_cast<double>(mail));
    for (task_queue* q : queues_)
        q->stats_.ready.set(static_cast<double>(q->waiting()));
    limits_.look(*this, report_);
}

duration executor::to_time(std::uint64_t cycles) const {
    return duration(static_cast<std::int64_t>(static_cast<double>(cycles) / cycles_per_ns_));
}

std::uint64_t executor::to_cycles(duration d) const {
    return static_cast<std::uint64_t>(static_cast<double>(std::max<std::int64_t>(d.count(), 0)) * cycles_per_ns_);
}

executor::pulse executor::feel_pulse() const {
    return {stats_.turns.value(), asleep_.load(std::memory_order_relaxed), running_.load(std::memory_order_relaxed)};
}

}  // namespace tetrad::runtime
