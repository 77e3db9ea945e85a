// SPDX-License-Identifier: Apache-2.0
// Appends that share commits, over every backend: order, bounds, the end, and what a failure does.
#include "runtime/group_commit.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

constexpr std::size_t record_bytes = 100;

/// Whose and which, and a filling that depends on it.
bytes record_of(int writer, int number) {
    const std::string head = format("{:03}/{:05}:", writer, number);
    bytes out(head.begin(), head.end());
    while (out.size() < record_bytes)
        out.push_back(
            static_cast<std::uint8_t>('a' + (static_cast<std::size_t>(number) + out.size()) % 26));
    return out;
}

/// What the file holds, record for record, up to its first zero.
task<std::vector<std::string>> stored(stage& s, std::size_t from = 0) {
    std::vector<std::string> out;
    result<bytes> all = co_await read_file(s.path("log"), 1 << 22);
    s.is("read the log", all, "ok");
    if (!all)
        co_return out;
    for (std::size_t at = from; at + record_bytes <= all->size() && (*all)[at] != 0;
         at += record_bytes)
        out.emplace_back(text(byte_view(*all).subspan(at, record_bytes)));
    co_return out;
}

task<result<file>> open_log(stage& s, std::uint32_t flags = fresh) {
    return file::open(s.path("log"), flags);
}

task<int> append_many(group_commit& log, int writer, int count) {
    for (int i = 0; i < count; ++i) {
        const bytes record = record_of(writer, i);
        result<void> done = co_await log.append(record);
        if (!done)
            co_return i;
    }
    co_return count;
}

/// `writers` side by side, each `count` records one after the other.
task<void> append_by_many(stage& s, group_commit& log, int writers, int count) {
    std::vector<std::unique_ptr<beside<int>>> all;
    for (int w = 0; w < writers; ++w)
        all.push_back(std::make_unique<beside<int>>(s, append_many(log, w, count)));
    for (auto& b : all) {
        const int appended = co_await b->end();
        s.is("appended", appended, count);
    }
}

/// Every record once and whole, each writer's in its order.
void check_all(stage& s, const std::vector<std::string>& seen, int writers, int count) {
    s.is("records", seen.size(), writers * count);
    std::map<int, int> next;
    for (const std::string& r : seen) {
        const auto writer = parse_decimal<int>(std::string_view(r).substr(0, 3));
        s.is("a writer", writer && *writer < writers);
        if (!writer)
            return;
        s.is("its next", r == text(record_of(*writer, next[*writer])));
        ++next[*writer];
    }
}

SCRIPT("what many writers append is there once and whole, each one's in its order") {
    result<file> f = co_await open_log(s);
    group_commit log(s.here, *f, 0);
    co_await append_by_many(s, log, 20, 8);
    result<void> closed = co_await log.close();
    s.is("close", closed, "ok");
    s.is("end", log.end(), 20 * 8 * record_bytes);
    s.is("shared", log.commits() < 20 * 8);
    const std::vector<std::string> seen = co_await stored(s);
    check_all(s, seen, 20, 8);
}

SCRIPT("past the page cache it is the same") {
    result<file> f = co_await open_log(s, fresh | open_flags::direct);
    if (!f) {
        s.is("unknown to the file system", !s.is_simulated);
        co_return;
    }
    group_commit log(s.here, *f, 0);
    co_await append_by_many(s, log, 10, 8);
    result<void> closed = co_await log.close();
    s.is("close", closed, "ok");
    const std::vector<std::string> seen = co_await stored(s);
    check_all(s, seen, 10, 8);
}

SCRIPT("what is appended at once lies in the order of the appends") {
    result<file> f = co_await open_log(s);
    group_commit log(s.here, *f, 0);
    {
        scope tasks(s.here);
        std::vector<std::optional<int>> ended(40);
        for (int w = 0; w < 40; ++w)
            tasks.spawn(note(append_many(log, w, 1), ended[static_cast<std::size_t>(w)]));
        co_await tasks.join();
    }
    result<void> closed = co_await log.close();
    s.is("close", closed, "ok");
    const std::vector<std::string> seen = co_await stored(s);
    s.is("all", seen.size(), 40);
    bool right = seen.size() == 40;
    for (int w = 0; right && w < 40; ++w)
        right = seen[static_cast<std::size_t>(w)] == text(record_of(w, 0));
    s.is("in order", right);
}

SCRIPT("records of every size around a block lie one behind the other, zeros to its end") {
    result<file> f = co_await open_log(s);
    group_commit log(s.here, *f, 0);
    bytes wanted;
    for (const std::size_t size : {1, 4094, 1, 4096, 4097, 4095, 10'000, 1}) {
        const bytes record = pattern(size, wanted.size() + 1);
        result<void> done = co_await log.append(record);
        s.is("append", done, "ok");
        wanted.insert(wanted.end(), record.begin(), record.end());
        s.is("end", log.end(), wanted.size());
    }
    result<void> closed = co_await log.close();
    result<bytes> all = co_await read_file(s.path("log"), 1 << 20);
    s.is("whole blocks", all && all->size() == (wanted.size() + 4095) / 4096 * 4096);
    wanted.resize(all->size());
    s.is("content", equal(*all, wanted));
}

SCRIPT("a log that begins behind an earlier one leaves that as it is") {
    co_await make_file(s, s.path("log"), "first block");
    result<file> f = co_await open_log(s);
    group_commit log(s.here, *f, 4096);
    co_await append_by_many(s, log, 3, 3);
    result<void> closed = co_await log.close();
    s.is("end", log.end(), 4096 + 9 * record_bytes);
    result<bytes> all = co_await read_file(s.path("log"), 1 << 20);
    s.is("the first", all && text(byte_view(*all).first(11)) == "first block");
    const std::vector<std::string> seen = co_await stored(s, 4096);
    check_all(s, seen, 3, 3);
}

SCRIPT("where waiting bytes are bounded, who finds no room waits, and all are there in order") {
    result<file> f = co_await open_log(s);
    group_limits limits;
    limits.waiting_bytes_max = 3 * record_bytes;
    group_commit log(s.here, *f, 0, limits);
    co_await append_by_many(s, log, 12, 2);
    const bytes over(3 * record_bytes + 1, 'x');
    result<void> refused = co_await log.append(over);
    s.is("one over the bound", refused, "too large");
    result<void> closed = co_await log.close();
    s.is("close", closed, "ok");
    s.is("a commit holds no more", log.commits() >= 12 * 2 / 3);
    const std::vector<std::string> seen = co_await stored(s);
    check_all(s, seen, 12, 2);
}

SCRIPT(
    "a commit that fails is the end: all that wait and all that come fail, and nothing follows") {
    co_await make_file(s, s.path("log"), "kept");
    result<file> f = co_await open_log(s, open_flags::read);  // every write to it fails
    group_limits limits;
    limits.waiting_bytes_max = 4 * record_bytes;
    group_commit log(s.here, *f, 0, limits);
    std::vector<std::unique_ptr<beside<int>>> all;  // more than the bound: some wait for room
    for (int w = 0; w < 20; ++w)
        all.push_back(std::make_unique<beside<int>>(s, append_many(log, w, 1)));
    for (auto& b : all) {
        const int appended = co_await b->end();
        s.is("none is said to be durable", appended, 0);
    }
    const auto asked = s.io.counts().submitted[static_cast<std::size_t>(op_code::write_durable)];
    const bytes record = record_of(0, 0);
    result<void> later = co_await log.append(record);
    s.is("a later one", later, "fatal");
    result<void> closed = co_await log.close();
    s.is("close", closed, "fatal");
    s.is("no write was tried again",
         s.io.counts().submitted[static_cast<std::size_t>(op_code::write_durable)], asked);
    s.is("end", log.end(), 0);
    std::string seen = co_await content_at(s, s.path("log"));
    s.is("content", seen, "'kept'");
}

SCRIPT("an appender that is stopped leaves the others their commit") {
    result<file> f = co_await open_log(s);
    group_commit log(s.here, *f, 0);
    for (int turns = 0; turns < 4; ++turns) {
        const int first = turns * 10;
        beside<int> stays(s, append_many(log, first, 1)), goes(s, append_many(log, first + 1, 1)),
            stays_too(s, append_many(log, first + 2, 1));
        for (int i = 0; i < turns; ++i)
            co_await a_turn();
        goes.stop();
        int appended = co_await stays.end();
        s.is("one", appended, 1);
        appended = co_await stays_too.end();
        s.is("the other", appended, 1);
        appended = co_await goes.end();
    }
    result<void> closed = co_await log.close();
    s.is("close", closed, "ok");
    const std::vector<std::string> seen = co_await stored(s);
    for (int turns = 0; turns < 4; ++turns) {
        for (const int writer : {turns * 10, turns * 10 + 2}) {
            const std::string wanted(text(record_of(writer, 0)));
            s.is("there once", std::count(seen.begin(), seen.end(), wanted), 1);
        }
    }
}

SCRIPT("close waits for what is in flight and refuses what comes") {
    result<file> f = co_await open_log(s);
    group_commit log(s.here, *f, 0);
    beside<int> appending(s, append_many(log, 0, 1));
    co_await a_turn();
    result<void> closed = co_await log.close();
    s.is("close", closed, "ok");
    const int appended = co_await appending.end();
    s.is("in flight", appended, 1);
    s.is("durable", log.end(), record_bytes);
    const bytes record = record_of(0, 1);
    result<void> later = co_await log.append(record);
    s.is("later", later, "closed");
}

}  // namespace
