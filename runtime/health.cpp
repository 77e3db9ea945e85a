// SPDX-License-Identifier: Apache-2.0
#include "runtime/health.hpp"

#include "base/text.hpp"
#include "runtime/executor.hpp"
#include "runtime/shard.hpp"

namespace tetrad::runtime {

void limit_watch::look(const executor& on, const report_function& say) {
    std::string thread;
    for (const shard* s : on.shards()) {
        thread += (thread.empty() ? "" : "+") + s->name();
        compare(s->name(), "messages waiting", static_cast<std::int64_t>(s->mail_waiting()), limits_.mail, say);
        for (const auto& q : s->queues()) {
            const queue_statistics& n = q->statistics();
            compare(q->full_name(), "tasks", static_cast<std::int64_t>(n.tasks.value()), limits_.tasks, say);
            compare(q->full_name(), "coroutines ready", static_cast<std::int64_t>(q->waiting()), limits_.waiting, say);
            compare(q->full_name(), "ms of waiting for its turn", q->take_longest_wait() / 1ms, limits_.wait / 1ms, say);
        }
    }
    compare(thread, "bytes of coroutines", static_cast<std::int64_t>(on.statistics().memory.value()), limits_.memory, say);
    compare(thread, "operations in flight", static_cast<std::int64_t>(on.statistics().in_flight.value()), limits_.in_flight, say);
}

void limit_watch::compare(std::string_view who, std::string_view what, std::int64_t value, std::int64_t limit,
                          const report_function& say) {
    const std::string key = format("{} has {}", who, what);
    if (value > limit && over_.insert(key).second)
        say(format("{}: {} {}, more than {}", who, value, what, limit));
    else if (value <= limit / 2 && over_.erase(key) > 0)
        say(format("{}: {} {} again", who, value, what));
}

heartbeat_watch::heartbeat_watch(std::vector<const executor*> threads) {
    for (const executor* t : threads)
        threads_.push_back({t});
}

result<void> heartbeat_watch::look() {
    std::string stuck;
    for (seen& t : threads_) {
        const executor::pulse now = t.thread->feel_pulse();
        const bool came_around = now.turns != t.turns || now.asleep;
        t.turns = now.turns;
        if (came_around)
            continue;
        stuck += stuck.empty() ? "" : "; ";
        stuck += now.running ? now.running->full_name() + " holds its thread" : "a thread is in a system call or its mail";
    }
    if (!stuck.empty())
        return fail(errc::timed_out, stuck);
    return {};
}

}  // namespace tetrad::runtime
