// SPDX-License-Identifier: Apache-2.0
// More at once than rings hold, and what ends early: nothing is lost, doubled or left behind. Between operations in flight no order
// is promised; what is promised is that each completes once, and with its own result.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

constexpr std::size_t many = 2'000;

using operations = std::vector<std::unique_ptr<by_hand>>;

/// A byte of `data` for each operation, at its own place of the file.
operations one_byte_each(stage& s, op_code code, descriptor fd, bytes& data) {
    operations all;
    for (std::size_t i = 0; i < data.size(); ++i) {
        all.push_back(std::make_unique<by_hand>(s, code, fd, byte_span(data).subspan(i, 1), i));
        all.back()->submit();
    }
    return all;
}

/// Awaits them; how many ended with `result`.
task<std::size_t> count_of(operations& all, int result) {
    std::size_t n = 0;
    for (auto& o : all) {
        const int r = co_await o->end();
        n += r == result;
    }
    co_return n;
}
bool each_once(const operations& all) {
    return std::all_of(all.begin(), all.end(), [](const auto& o) { return o->completions == 1; });
}

task<void> make_pattern_file(stage& s, std::size_t count) {
    const bytes content = pattern(count);
    co_await make_file(s, s.path("f"), std::string(text(content)));
}

SCRIPT("thousands of reads at once: each completes once, with its own byte") {
    co_await make_pattern_file(s, many);
    const int fd = co_await open(s, s.path("f"), open_flags::read);
    bytes data(many);
    operations all = one_byte_each(s, op_code::read, fd, data);
    const std::size_t read = co_await count_of(all, 1);
    s.is("read", read, many);
    s.is("once each", each_once(all));
    s.is("the bytes", data == pattern(many));
    s.io.close(fd);
}

SCRIPT("thousands of writes at once are all there") {
    const int fd = co_await open(s, s.path("f"), fresh);
    bytes data = pattern(many), back(many);
    operations all = one_byte_each(s, op_code::write, fd, data);
    const std::size_t written = co_await count_of(all, 1);
    s.is("written", written, many);
    s.is("once each", each_once(all));
    const std::int64_t n = co_await transfer(s, op_code::read, fd, back);
    s.is("read", n, many);
    s.is("the bytes", back == data);
    s.io.close(fd);
}

SCRIPT(
    "thousands of operations, half of them cancelled: each completes once, one way or the other") {
    co_await make_pattern_file(s, many);
    const int fd = co_await open(s, s.path("f"), open_flags::read);
    bytes data(many);
    operations all = one_byte_each(s, op_code::read, fd, data);
    for (std::size_t i = 0; i < many; i += 2)
        all[i]->cancel();
    bool right = true;
    for (std::size_t i = 0; i < many; ++i) {
        const int r = co_await all[i]->end();
        right = right && (r == 1 ? data[i] == pattern_at(i) : r == -ECANCELED && i % 2 == 0);
    }
    s.is("its byte, or cancelled where that was asked", right);
    co_await a_turn();
    s.is("once each", each_once(all));
    s.io.close(fd);
}

SCRIPT("hundreds of opens at once: each has a descriptor of its own, or its own error") {
    co_await make_file(s, s.path("f"), "x");
    constexpr std::size_t opens = 300;
    const std::string there = s.path("f"), absent = s.path("absent");
    operations all;
    for (std::size_t i = 0; i < opens; ++i) {
        all.push_back(std::make_unique<by_hand>(s, op_code::open, -1));
        all.back()->what.path = i % 3 == 0 ? absent.c_str() : there.c_str();
        all.back()->what.flags = open_flags::read;
        all.back()->submit();
    }
    std::vector<int> descriptors;
    for (std::size_t i = 0; i < opens; ++i) {
        const int fd = co_await all[i]->end();
        s.is("open", i % 3 == 0 ? fd == -ENOENT : fd >= 0);
        if (fd >= 0)
            descriptors.push_back(fd);
    }
    std::sort(descriptors.begin(), descriptors.end());
    const auto same = std::adjacent_find(descriptors.begin(), descriptors.end());
    s.is("of its own", same == descriptors.end());
    for (const int fd : descriptors)
        s.io.close(fd);
}

task<int> life_of_a_file(stage& s, int i) {
    const std::string before = s.path(format("{}.new", i)), after = s.path(std::to_string(i));
    const int fd = co_await open(s, before, fresh | open_flags::exclusive);
    if (fd < 0)
        co_return fd;
    const std::int64_t n = co_await write_text(s, fd, std::to_string(i));
    s.io.close(fd);
    int r = co_await on_path(s, op_code::rename, before, after);
    if (r < 0 || n <= 0)
        co_return r - 1000;
    std::string seen = co_await content_at(s, after);
    if (seen != format("'{}'", i))
        co_return -1;
    if (i % 2 == 0)
        r = co_await on_path(s, op_code::unlink, after);
    co_return r;
}

SCRIPT("hundreds of files are made, written, renamed, read and removed side by side") {
    constexpr int files = 200;
    std::vector<std::unique_ptr<beside<int>>> all;
    for (int i = 0; i < files; ++i)
        all.push_back(std::make_unique<beside<int>>(s, life_of_a_file(s, i)));
    for (auto& b : all) {
        const int r = co_await b->end();
        s.is("its life", r, 0);
    }
    const auto left = s.io.list_directory(s.directory);
    s.is("half of them are left", left && left->size() == files / 2);
}

// ---- what ends early ----

task<int> read_for_ever(stage& s, descriptor fd) {
    bytes one(1);
    for (;;) {
        const int r = co_await transfer_once(s, op_code::read, fd, one);
        if (r != 1)
            co_return r;
    }
}
task<int> write_for_ever(stage& s, descriptor fd, op_code code, std::uint64_t at) {
    bytes one(1, 'w');
    for (;;) {
        const int r = co_await transfer_once(s, code, fd, one, at);
        if (r != 1)
            co_return r;
    }
}
task<int> sleep_for_ever() {
    for (;;) {
        result<void> slept = co_await sleep_for(100us);
        if (!slept)
            co_return -ECANCELED;
    }
}
task<int> sleep_long() {
    result<void> slept = co_await sleep_for(1h);
    co_return slept ? 0 : -ECANCELED;
}

SCRIPT("a stop ends everything that reads, writes and sleeps, and no timer is left") {
    co_await make_file(s, s.path("f"), "x");
    const int fd = co_await open(s, s.path("f"), open_flags::read | open_flags::write);
    const std::size_t timers_before = timers_of(s.here).armed();
    {
        std::vector<std::optional<int>> ended(100);
        scope tasks(s.here);
        for (std::size_t i = 0; i < ended.size(); i += 5) {
            tasks.spawn(note(read_for_ever(s, fd), ended[i]));
            tasks.spawn(note(write_for_ever(s, fd, op_code::write, i), ended[i + 1]));
            tasks.spawn(note(write_for_ever(s, fd, op_code::write_durable, i), ended[i + 2]));
            tasks.spawn(note(sleep_for_ever(), ended[i + 3]));
            tasks.spawn(note(sleep_long(), ended[i + 4]));
        }
        co_await a_moment(s);
        s.is("all run", tasks.running(), ended.size());
        tasks.request_stop();
        co_await tasks.join();
        for (const auto& e : ended)
            s.is("ended", e.value_or(0), "ECANCELED");
    }
    s.is("timers", timers_of(s.here).armed(), timers_before);
    s.is("operations", s.io.counts().in_flight(), 0);
    std::string seen = co_await content_of(s, fd);
    s.is("the file goes on", seen.starts_with("'"));
    s.io.close(fd);
}

SCRIPT("a stop before the first turn: nothing was asked for") {
    co_await make_file(s, s.path("f"), "x");
    const int fd = co_await open(s, s.path("f"), open_flags::read);
    const operation_counts before = s.io.counts();
    scope tasks(s.here);
    std::vector<std::optional<int>> ended(50);
    for (auto& e : ended)
        tasks.spawn(note(read_for_ever(s, fd), e));
    tasks.request_stop();
    co_await tasks.join();
    for (const auto& e : ended)
        s.is("ended", e.value_or(0), "ECANCELED");
    s.is("asked", s.io.counts().submitted == before.submitted);
    s.io.close(fd);
}

SCRIPT("a stop while far more waits than the ring holds ends all of it, each once") {
    co_await make_pattern_file(s, many);
    const int fd = co_await open(s, s.path("f"), open_flags::read);
    scope tasks(s.here);
    std::vector<std::optional<int>> ended(many);
    bytes data(many);
    for (std::size_t i = 0; i < many; ++i) {
        const byte_span one = byte_span(data).subspan(i, 1);
        tasks.spawn(note(transfer_once(s, op_code::read, fd, one, i), ended[i]));
    }
    co_await yield();
    co_await yield();
    tasks.request_stop();
    co_await tasks.join();
    bool right = true;
    for (std::size_t i = 0; i < many; ++i)
        right = right && (ended[i] == 1 ? data[i] == pattern_at(i) : ended[i] == -ECANCELED);
    s.is("its byte, or cancelled", right);
    s.is("operations", s.io.counts().in_flight(), 0);
    s.io.close(fd);
}

}  // namespace
