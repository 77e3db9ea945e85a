// SPDX-License-Identifier: Apache-2.0
// 4 KiB at a time, each durable before the next, over a file that is written already. Bare: the better of a write that is durable
// itself (RWF_DSYNC) and a write linked to an fdatasync.
#include <algorithm>
#include <thread>
#include <vector>

#include "runtime/file.hpp"
#include "tests/bench/runtime/bare_ring.hpp"
#include "tests/bench/runtime/disk_file.hpp"
#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

constexpr std::uint64_t file_bytes = 64 << 20;

double micros(duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

/// The figures of a thread that appends one block after the other for a while.
class one_by_one {
public:
    explicit one_by_one(duration window) : end_(clock_now() + window), began_(clock_now()) {}
    bool goes_on() const { return clock_now() < end_; }
    std::uint64_t next_place() const { return times_.size() * block % file_bytes; }
    void done() {
        const instant now = clock_now();
        times_.push_back(now - began_);
        began_ = now;
    }
    sample figures() {
        sample out;
        const auto n = static_cast<double>(times_.size());
        out.values = {n / std::chrono::duration<double>(used_.wall()).count()};
        out.cpu_us = micros(used_.cpu()) / n;
        std::sort(times_.begin(), times_.end());
        out.p99 = times_[times_.size() * 99 / 100];
        return out;
    }

private:
    meter used_;
    instant end_, began_;
    std::vector<duration> times_;
};

// ---- bare ----

sample bare_appends(const place& where, duration window, const disk_file& to, bool linked) {
    sample out;
    std::thread running([&] {
        pin(where.at.first);
        bare_ring ring;
        const aligned_memory content(block);
        one_by_one appends(window);
        for (; appends.goes_on(); appends.done()) {
            io_uring_sqe* const write = ring.entry();
            io_uring_prep_write(write, to.fd(), content.data(), block, appends.next_place());
            unsigned left = 1;
            if (linked) {
                write->flags |= IOSQE_IO_LINK;
                io_uring_prep_fsync(ring.entry(), to.fd(), IORING_FSYNC_DATASYNC);
                left = 2;
            } else {
                write->rw_flags = RWF_DSYNC;
            }
            while (left > 0) {
                ring.turn(true);
                left -=
                    ring.reap([](const io_uring_cqe& c) { must(c.res >= 0, "a durable write"); });
            }
        }
        out = appends.figures();
    });
    running.join();
    out.note = linked ? "bare: linked fdatasync" : "bare: RWF_DSYNC";
    return out;
}

// ---- ours ----

runtime::task<void> append(std::string path, duration window, sample& out) {
    auto to = co_await runtime::file::open(
        path, runtime::open_flags::write | runtime::open_flags::direct);
    must(to.has_value(), "open");
    const runtime::aligned_bytes content(block);
    const byte_view one(content.data(), block);
    one_by_one appends(window);
    for (; appends.goes_on(); appends.done()) {
        const auto written = co_await to->write_durable_at(appends.next_place(), one);
        must(written.has_value(), "a durable write");
    }
    out = appends.figures();
}

// ---- the comparison ----

class append_one final : public comparison {
public:
    explicit append_one(const place& where) : where_(where) {}
    std::vector<metric> metrics() const override {
        return {{"append_1", "/s", {aim::side::at_least, aim::of::ratio, 0.95}}};
    }
    /// Finds out which of the bare ways is the better one on this disk.
    result<void> prepare() override {
        TRY(file_, disk_file::make(where_.directory, file_bytes));
        std::vector<double> by_itself, by_link;
        for (int i = 0; i < 3; ++i) {
            by_itself.push_back(bare_appends(where_, where_.window / 2, *file_, false).values[0]);
            by_link.push_back(bare_appends(where_, where_.window / 2, *file_, true).values[0]);
        }
        linked_ = median(by_link) > median(by_itself);
        return {};
    }
    result<sample> bare() override { return bare_appends(where_, where_.window, *file_, linked_); }
    result<sample> ours() override {
        TRY(const auto on, our_shard::make());
        sample out;
        on->tasks.spawn(append(file_->path(), where_.window, out));
        run_pinned(*on, where_.at.first);
        return out;
    }

private:
    place where_;
    std::unique_ptr<disk_file> file_;
    bool linked_ = false;
};

}  // namespace

std::unique_ptr<comparison> compare_append(const place& where) {
    return std::make_unique<append_one>(where);
}

}  // namespace tetrad::bench
