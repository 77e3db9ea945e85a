// SPDX-License-Identifier: Apache-2.0
// 4 KiB at a time, each durable before the next, over a file that is written already. Bare: the better of a write that is durable
// itself (RWF_DSYNC) and a write linked to an fdatasync.
#include <algorithm>
#include <thread>
#include <vector>

#include "tests/bench/runtime/bare_ring.hpp"
#include "tests/bench/runtime/disk_file.hpp"
#include "tests/bench/runtime/list.hpp"

namespace tetrad::bench {

namespace {

constexpr std::uint64_t file_bytes = 64 << 20;

double micros(duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

/// Calls once(offset) for the window on the first core, and says how often that was a second.
template <class Once>
sample appends(const place& where, duration window, Once once) {
    sample out;
    const meter used;
    std::uint64_t done = 0;
    for (const instant end = clock_now() + window; clock_now() < end; ++done)
        once(done * block % file_bytes);
    const auto n = static_cast<double>(done);
    out.values = {n / std::chrono::duration<double>(used.wall()).count()};
    out.cpu_us = micros(used.cpu()) / n;
    (void)where;
    return out;
}

sample bare_appends(const place& where, duration window, const disk_file& to, bool linked) {
    sample out;
    std::thread running([&] {
        pin(where.at.first);
        bare_ring ring;
        const aligned_memory content(block);
        out = appends(where, window, [&](std::uint64_t at) {
            io_uring_sqe* const write = ring.entry();
            io_uring_prep_write(write, to.fd(), content.data(), block, at);
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
        });
        out.note = linked ? "bare: linked fdatasync" : "bare: RWF_DSYNC";
    });
    running.join();
    return out;
}

class append_one final : public comparison {
public:
    explicit append_one(const place& where) : where_(where) {}
    std::vector<metric> metrics() const override {
        return {{"append_1", "/s", {aim::side::at_least, aim::of::ratio, 0.95}}};
    }
    result<void> prepare() override {
        TRY(file_, disk_file::make(where_.directory, file_bytes));
        return {};
    }
    result<sample> bare() override {
        const sample itself = bare_appends(where_, where_.window / 2, *file_, false);
        const sample linked = bare_appends(where_, where_.window / 2, *file_, true);
        return itself.values[0] >= linked.values[0] ? itself : linked;
    }
    result<sample> ours() override {
        return fail(errc::unsupported, "the runtime has no durable write yet");
    }

private:
    place where_;
    std::unique_ptr<disk_file> file_;
};

}  // namespace

std::unique_ptr<comparison> compare_append(const place& where) {
    return std::make_unique<append_one>(where);
}

}  // namespace tetrad::bench
