// SPDX-License-Identifier: Apache-2.0
#include "runtime/offload.hpp"

#include <atomic>
#include <cstdint>
#include <thread>

#include "base/check.hpp"
#include "runtime/executor.hpp"
#include "runtime/sync.hpp"
#include "runtime/topology.hpp"

namespace tetrad::runtime {

struct offload::impl {
    impl(shard& s, std::string n, std::size_t d) : user(s), name(std::move(n)), depth(d), room(d), jobs(d), done(d) {}

    shard& user;
    const std::string name;
    const std::size_t depth;
    semaphore room;  // the user's: a unit for every job on its way, so neither ring overflows
    ring jobs, done;
    alignas(64) std::atomic<std::uint32_t> bell{0};  // the helper sleeps on it
    std::atomic<bool> stopping{false};
    std::thread helper;  // none where jobs run inline

    void ring_bell() {
        bell.fetch_add(1, std::memory_order_acq_rel);
        bell.notify_one();
    }
    letter* next_job();
    void help();
};

// On the helper. Null where it has to end. The value of the bell is taken before the last look at the ring, so that a ring of the
// bell after that look ends the wait at once.
letter* offload::impl::next_job() {
    for (;;) {
        if (letter* l = jobs.pop())
            return l;
        const std::uint32_t heard = bell.load(std::memory_order_acquire);
        jobs.bell().set();
        if (letter* l = jobs.pop()) {
            jobs.bell().clear();
            return l;
        }
        if (stopping.load(std::memory_order_acquire))
            return nullptr;
        bell.wait(heard, std::memory_order_acquire);
        jobs.bell().clear();
    }
}

void offload::impl::help() {
    static_cast<void>(pin_this_thread(-1, name));  // the name only; it helps in top, nothing depends on it
    while (letter* l = next_job()) {
        auto& j = static_cast<job&>(*l);
        j.call(j);
        CHECK(done.push(&j));
        if (done.bell().take())
            user.on().io().wake();
    }
}

struct offload::job_awaiter {
    job_awaiter(impl& i, job& j) : me(i), mine(j) {}
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) noexcept {
        mine.waiter = h;
        mine.queue = h.promise().queue;
        mine.deliver = [](letter& l) {
            auto& j = static_cast<job&>(l);
            j.queue->ready(j.waiter);
        };
        CHECK(me.jobs.push(&mine));
        if (me.jobs.bell().take())
            me.ring_bell();
    }
    void await_resume() const noexcept {}
    impl& me;
    job& mine;
};

offload::offload(shard& user, std::string name, mode m, std::size_t depth)
    : impl_(std::make_unique<impl>(user, std::move(name), depth)) {
    if (m == mode::inline_ || user.io().runs_blocking_inline())
        return;
    user.add_inbound(impl_->done);
    impl_->helper = std::thread([i = impl_.get()] { i->help(); });
}

offload::~offload() {
    CHECK(impl_->room.free() == impl_->depth);
    if (!impl_->helper.joinable())
        return;
    impl_->stopping.store(true, std::memory_order_release);
    impl_->ring_bell();
    impl_->helper.join();
    impl_->user.remove_inbound(impl_->done);
}

task<void> offload::run_job(job& j) {
    impl& me = *impl_;
    if (!me.helper.joinable()) {
        j.call(j);
        co_return;
    }
    // A caller is promised a value, so waiting for room is not cancelled either; it is as short as the jobs before.
    stop_state unstopped;
    auto waiting = me.room.acquire();
    result<semaphore::unit> unit = co_await under(unstopped, waiting);
    CHECK(unit.has_value());
    co_await job_awaiter(me, j);
}

}  // namespace tetrad::runtime
