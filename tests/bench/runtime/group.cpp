// SPDX-License-Identifier: Apache-2.0
// 64 writers of records of 200 bytes on one shard, each waiting until its record is durable, over one file that is written already.
// Bare: the same 64 records copied into blocks and written in the better bare way, one write after the other, by nobody who waits: what
// the disk allows where a commit takes all that can wait for it.
#include <cstring>
#include <optional>

#include "base/text.hpp"
#include "runtime/group_commit.hpp"
#include "tests/bench/runtime/bare_append.hpp"
#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

constexpr std::uint64_t file_bytes = 64 << 20;
constexpr std::size_t writers = 64, record_bytes = 200;
constexpr std::size_t group_blocks = (writers * record_bytes + block - 1) / block;

struct progress {
    instant end{};
    std::uint64_t records = 0;
};

runtime::task<void> write_records(runtime::group_commit& log, progress& seen) {
    const bytes record(record_bytes, 'r');
    while (clock_now() < seen.end) {
        const auto done = co_await log.append(record);
        must(done.has_value(), "an append");
        ++seen.records;
    }
}

runtime::task<void> run_writers(std::string path, duration window, sample& out) {
    auto to = co_await runtime::file::open(
        path, runtime::open_flags::write | runtime::open_flags::direct);
    must(to.has_value(), "open");
    runtime::shard& here = co_await runtime::current_shard();
    runtime::group_commit log(here, *to, 0);
    runtime::scope all(here);
    progress seen{clock_now() + window};
    const meter used;
    for (std::size_t i = 0; i < writers; ++i)
        all.spawn(write_records(log, seen));
    co_await all.join();
    const auto n = static_cast<double>(seen.records);
    out.values = {n / std::chrono::duration<double>(used.wall()).count()};
    out.cpu_us = std::chrono::duration<double, std::micro>(used.cpu()).count() / n;
    out.note = format("{:.0f} records a commit", n / static_cast<double>(log.commits()));
    const auto closed = co_await log.close();
    must(closed.has_value(), "the end of the log");
}

void copy_records(std::uint8_t* to) {
    const bytes record(record_bytes, 'r');
    for (std::size_t i = 0; i < writers; ++i)
        std::memcpy(to + i * record_bytes, record.data(), record_bytes);
}

class append_group final : public comparison {
public:
    explicit append_group(const place& where) : where_(where) {}
    std::vector<metric> metrics() const override {
        return {{"append_64_grouped", "rec/s", {aim::side::at_least, aim::of::value, 200'000}}};
    }
    result<void> prepare() override {
        TRY(file_, disk_file::make(where_.directory, file_bytes));
        bare_.emplace(where_, *file_, group_blocks * block, copy_records);
        bare_->choose();
        return {};
    }
    result<sample> bare() override {
        sample out = bare_->run(where_.window);
        out.values[0] *= writers;
        out.cpu_us /= writers;
        return out;
    }
    result<sample> ours() override {
        TRY(const auto on, our_shard::make());
        sample out;
        on->tasks.spawn(run_writers(file_->path(), where_.window, out));
        run_pinned(*on, where_.at.first);
        out.note += format("; {}", bare_->way());
        return out;
    }

private:
    place where_;
    std::unique_ptr<disk_file> file_;
    std::optional<bare_appends> bare_;
};

}  // namespace

std::unique_ptr<comparison> compare_group(const place& where) {
    return std::make_unique<append_group>(where);
}

}  // namespace tetrad::bench
