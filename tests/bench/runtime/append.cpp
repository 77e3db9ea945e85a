// SPDX-License-Identifier: Apache-2.0
// 4 KiB at a time, each durable before the next, over a file that is written already, against the better of the bare ways.
#include <optional>

#include "runtime/file.hpp"
#include "tests/bench/runtime/bare_append.hpp"
#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

constexpr std::uint64_t file_bytes = 64 << 20;

// ---- ours ----

runtime::task<void> append(std::string path, duration window, sample& out) {
    auto to = co_await runtime::file::open(
        path, runtime::open_flags::write | runtime::open_flags::direct);
    must(to.has_value(), "open");
    const runtime::aligned_bytes content(block);
    const byte_view one(content.data(), block);
    one_by_one appends(window, block, file_bytes);
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
    result<void> prepare() override {
        TRY(file_, disk_file::make(where_.directory, file_bytes));
        bare_.emplace(where_, *file_, block);
        bare_->choose();
        return {};
    }
    result<sample> bare() override { return bare_->run(where_.window); }
    result<sample> ours() override {
        TRY(const auto on, our_shard::make());
        sample out;
        on->tasks.spawn(append(file_->path(), where_.window, out));
        run_pinned(*on, where_.at.first);
        out.note = bare_->way();
        return out;
    }

private:
    place where_;
    std::unique_ptr<disk_file> file_;
    std::optional<bare_appends> bare_;
};

}  // namespace

std::unique_ptr<comparison> compare_append(const place& where) {
    return std::make_unique<append_one>(where);
}

}  // namespace tetrad::bench
