// SPDX-License-Identifier: Apache-2.0
// Reads past the page cache: 4 KiB at random places, 32 at a time, and 256 KiB one after the other, 4 at a time.
#include <thread>
#include <vector>

#include "runtime/file.hpp"
#include "tests/bench/runtime/bare_ring.hpp"
#include "tests/bench/runtime/disk_file.hpp"
#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

constexpr std::uint64_t file_bytes = 256 << 20;

struct pattern {
    bool random;
    std::size_t bytes, depth;
};

/// Where the next read begins; the same places for both sides.
class offsets {
public:
    explicit offsets(const pattern& p) : pattern_(p) {}
    std::uint64_t next() {
        const std::uint64_t places = file_bytes / pattern_.bytes;
        if (!pattern_.random)
            return at_++ % places * pattern_.bytes;
        at_ = at_ * 6364136223846793005u + 1442695040888963407u;
        return (at_ >> 33) % places * pattern_.bytes;
    }

private:
    pattern pattern_;
    std::uint64_t at_ = 0;
};

sample figures_of(const pattern& p, const meter& used, std::uint64_t done) {
    const auto n = static_cast<double>(done);
    const double a_second = n / std::chrono::duration<double>(used.wall()).count();
    sample out;
    out.values = {p.random ? a_second : a_second * static_cast<double>(p.bytes) / (1 << 20)};
    out.cpu_us = std::chrono::duration<double, std::micro>(used.cpu()).count() / n;
    return out;
}

sample bare_reads(const pattern& p, const place& where, const disk_file& from) {
    bare_ring ring;
    const aligned_memory into(p.bytes * p.depth);
    offsets places(p);
    const auto ask = [&](std::uint64_t slot) {
        io_uring_sqe* const e = ring.entry();
        io_uring_prep_read(e, from.fd(), into.data() + slot * p.bytes,
                           static_cast<unsigned>(p.bytes), places.next());
        io_uring_sqe_set_data64(e, slot);
    };
    for (std::uint64_t slot = 0; slot < p.depth; ++slot)
        ask(slot);
    const meter used;
    std::uint64_t done = 0;
    std::size_t in_flight = p.depth;
    for (const instant end = clock_now() + where.window; in_flight > 0;) {
        ring.turn(true);
        const bool over = clock_now() >= end;
        ring.reap([&](const io_uring_cqe& c) {
            must(c.res == static_cast<int>(p.bytes), "a whole read");
            ++done;
            if (over)
                --in_flight;
            else
                ask(c.user_data);
        });
    }
    return figures_of(p, used, done);
}

// ---- ours ----

struct progress {
    instant end{};
    offsets places;
    std::uint64_t done = 0;
};

runtime::task<void> read_on(runtime::file& from, std::size_t size, progress& seen) {
    runtime::aligned_bytes into(size);
    do {
        const auto n = co_await from.read_at(seen.places.next(), into);
        must(n.has_value() && *n == size, "a whole read");
        ++seen.done;
    } while (clock_now() < seen.end);
}

runtime::task<void> read_all(std::string path, pattern p, duration window, sample& out) {
    auto from =
        co_await runtime::file::open(path, runtime::open_flags::read | runtime::open_flags::direct);
    must(from.has_value(), "open");
    runtime::shard& here = co_await runtime::current_shard();
    runtime::scope all(here);
    progress seen{clock_now() + window, offsets(p)};
    for (std::size_t i = 0; i < p.depth; ++i)
        all.spawn(read_on(*from, p.bytes, seen));
    const meter used;
    co_await all.join();
    out = figures_of(p, used, seen.done);
}

// ---- the comparison ----

class reads final : public comparison {
public:
    reads(const place& where, bool random)
        : where_(where),
          pattern_(random ? pattern{true, 4096, 32} : pattern{false, 256 << 10, 4}) {}
    std::vector<metric> metrics() const override {
        const aim wanted{aim::side::at_least, aim::of::ratio, 0.95};
        return {pattern_.random ? metric{"read_random_4k", "/s", wanted}
                                : metric{"read_sequential", "MiB/s", wanted}};
    }
    result<void> prepare() override {
        TRY(file_, disk_file::make(where_.directory, file_bytes));
        return {};
    }
    result<sample> bare() override {
        sample out;
        std::thread running([&] {
            pin(where_.at.first);
            out = bare_reads(pattern_, where_, *file_);
        });
        running.join();
        return out;
    }
    result<sample> ours() override {
        TRY(const auto on, our_shard::make());
        sample out;
        on->tasks.spawn(read_all(file_->path(), pattern_, where_.window, out));
        run_pinned(*on, where_.at.first);
        return out;
    }

private:
    place where_;
    pattern pattern_;
    std::unique_ptr<disk_file> file_;
};

}  // namespace

std::unique_ptr<comparison> compare_reads(const place& where, bool random) {
    return std::make_unique<reads>(where, random);
}

}  // namespace tetrad::bench
