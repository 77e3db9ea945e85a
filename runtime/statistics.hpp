// SPDX-License-Identifier: Apache-2.0
// What executors and queues count about themselves: series of the executor's registry, written by its thread, read by any. A wait is
// counted from the turn in which a coroutine became ready to the one in which it is resumed.
#pragma once

#include <string>

#include "base/metrics.hpp"

namespace tetrad::runtime {

struct queue_statistics {
    queue_statistics(metrics& into, const std::string& shard, const std::string& queue)
        : tasks(into.add_gauge(of("tasks", "Background tasks alive.", shard, queue))),
          ready(into.add_gauge(of("ready", "Coroutines that wait for their turn, once a second.", shard, queue))),
          resumptions(into.add_counter(of("resumptions_total", "Coroutines resumed.", shard, queue))),
          slices(into.add_counter(of("slices_total", "Times that the queue had the thread.", shard, queue))),
          run(into.add_counter(of("run_seconds_total", "Time on the thread.", shard, queue, ns_as_seconds))),
          wait(into.add_counter(of("wait_seconds_total", "Time from ready to resumed, of all resumptions.", shard, queue, ns_as_seconds))) {}

    gauge tasks, ready;
    counter resumptions, slices, run, wait;

private:
    static metric_info of(const char* what, const char* help, const std::string& shard, const std::string& queue,
                          std::uint64_t per_unit = 1) {
        return {std::string("runtime_queue_") + what, help, {{"shard", shard}, {"queue", queue}}, per_unit};
    }
};

/// `thread`: its number, as a label.
struct executor_statistics {
    executor_statistics(metrics& into, const std::string& thread)
        : turns(into.add_counter(of("turns_total", "Turns of the loop: the heartbeat.", thread))),
          sleeps(into.add_counter(of("sleeps_total", "Turns that blocked in the kernel.", thread))),
          spins_won(into.add_counter(of("spins_won_total", "Spells of spinning that found work.", thread))),
          wakes_sent(into.add_counter(of("wakes_sent_total", "Wake-ups of other threads.", thread))),
          stalls(into.add_counter(of("stalls_total", "Slices over the limit.", thread))),
          memory(into.add_gauge(of("frames_bytes", "Coroutine frames alive, once a second.", thread))),
          in_flight(into.add_gauge(of("operations_in_flight", "Operations of the backend, once a second.", thread))),
          mail(into.add_gauge(of("mail", "Letters and values that wait, once a second.", thread))) {}

    counter turns, sleeps, spins_won, wakes_sent, stalls;
    gauge memory, in_flight, mail;

private:
    static metric_info of(const char* what, const char* help, const std::string& thread) {
        return {std::string("runtime_thread_") + what, help, {{"thread", thread}}};
    }
};

}  // namespace tetrad::runtime
