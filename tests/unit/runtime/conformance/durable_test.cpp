// SPDX-License-Identifier: Apache-2.0
// Writes that are durable when they end: of a backend's operation and of files, through the page cache and past it.
#include "runtime/backend.hpp"

#include "runtime/file.hpp"
#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

constexpr std::uint32_t reading = open_flags::read, writing = open_flags::write,
                        direct = open_flags::direct;

bool is_either(int result, int done) { return result == -ECANCELED || result == done; }

SCRIPT("a durable write says how much it wrote, and that is there") {
    const int fd = co_await open(s, s.path("f"), fresh);
    bytes data = to_bytes("durable");
    const std::int64_t n = co_await transfer(s, op_code::write_durable, fd, data, 3);
    s.is("write", n, 7);
    std::string seen = co_await content_of(s, fd);
    s.is("content", seen, "'...durable'");
    bytes nothing;
    const int r = co_await transfer_once(s, op_code::write_durable, fd, nothing);
    s.is("of nothing", r, 0);
    s.io.close(fd);
}

SCRIPT("a durable write to what is not open for writing is EBADF") {
    co_await make_file(s, s.path("f"), "kept");
    bytes data = to_bytes("x");
    for (const std::string& path : {s.path("f"), s.directory}) {
        const int fd = co_await open(s, path, reading);
        const int r = co_await transfer_once(s, op_code::write_durable, fd, data);
        s.is("write", r, "EBADF");
        s.io.close(fd);
    }
    std::string seen = co_await content_at(s, s.path("f"));
    s.is("content", seen, "'kept'");
}

SCRIPT("durable writes and others go to one file side by side, each to its place") {
    const int fd = co_await open(s, s.path("f"), fresh);
    bytes data = pattern(24);
    std::vector<std::unique_ptr<by_hand>> all;
    for (std::size_t i = 0; i < data.size(); ++i) {
        const op_code code = i % 3 == 0 ? op_code::write_durable : op_code::write;
        all.push_back(std::make_unique<by_hand>(s, code, fd, byte_span(data).subspan(i, 1), i));
        all.back()->submit();
    }
    for (auto& o : all) {
        const int n = co_await o->end();
        s.is("write", n, 1);
        s.is("once", o->completions, 1);
    }
    bytes back(data.size());
    const std::int64_t n = co_await transfer(s, op_code::read, fd, back);
    s.is("read", n, data.size());
    s.is("the same", back == data);
    s.io.close(fd);
}

SCRIPT("a durable append goes to the end") {
    co_await make_file(s, s.path("f"), "begin");
    const int fd = co_await open(s, s.path("f"), writing | open_flags::append);
    bytes data = to_bytes("+");
    for (int i = 0; i < 3; ++i) {
        const int n = co_await transfer_once(s, op_code::write_durable, fd, data);
        s.is("append", n, 1);
    }
    s.io.close(fd);
    std::string seen = co_await content_at(s, s.path("f"));
    s.is("content", seen, "'begin+++'");
}

SCRIPT("a durable write that is cancelled ends once, and wrote its byte where it says so") {
    co_await make_file(s, s.path("f"), "........");
    const int fd = co_await open(s, s.path("f"), reading | writing);
    for (std::uint64_t i = 0; i < 8; ++i) {
        bytes data(1, 'W'), seen(1);
        by_hand write(s, op_code::write_durable, fd, data, i);
        write.submit();
        if (i % 2 == 0)
            co_await a_turn();
        write.cancel();
        if (i % 4 == 0)
            write.cancel();
        const int r = co_await write.end();
        s.is("write", is_either(r, 1));
        const int n = co_await transfer_once(s, op_code::read, fd, seen, i);
        s.is("read", n, 1);
        s.is("what was said to be written is", r != 1 || seen[0] == 'W');
        co_await a_turn();
        s.is("completions", write.completions, 1);
    }
    s.io.close(fd);
}

SCRIPT("an op of a durable write that was cancelled serves the next one") {
    const int fd = co_await open(s, s.path("f"), fresh);
    bytes data(1, 'W');
    by_hand write(s, op_code::write_durable, fd, data);
    for (int i = 0; i < 5; ++i) {
        write.submit();
        write.cancel();
        int r = co_await write.end();
        s.is("cancelled", is_either(r, 1));
        write.submit();
        r = co_await write.end();
        s.is("the next", r, 1);
    }
    s.is("completions", write.completions, 10);
    s.io.close(fd);
}

SCRIPT("a durable write stays with its file when its descriptor is closed") {
    const int fd = co_await open(s, s.path("f"), fresh);
    bytes data = to_bytes("x");
    by_hand write(s, op_code::write_durable, fd, data);
    write.submit();
    s.io.close(fd);
    const int n = co_await write.end();
    s.is("write", n, 1);
    std::string seen = co_await content_at(s, s.path("f"));
    s.is("content", seen, "'x'");
}

// ---- files ----

task<result<file>> open_file(stage& s, std::uint32_t flags = fresh) {
    return file::open(s.path("f"), flags);
}

SCRIPT("a file's durable write moves all, in as many operations as that takes") {
    constexpr std::size_t count = 200'000;
    result<file> f = co_await open_file(s);
    const bytes data = pattern(count);
    result<void> done = co_await f->write_durable_at(5, data);
    s.is("write", done, "ok");
    result<bytes> back = co_await read_file(s.path("f"), 1 << 20);
    s.is("read", back, "ok");
    s.is("size", back->size(), count + 5);
    s.is("the same", equal(byte_view(*back).subspan(5), data));
}

task<result<void>> write_durable(file& f, byte_view data) {
    result<void> done = co_await f.write_durable_at(0, data);
    co_return done;
}

SCRIPT("a task that was stopped before writes nothing durable") {
    result<file> f = co_await open_file(s);
    const bytes data = to_bytes("never");
    scope tasks(s.here);
    tasks.request_stop();
    std::optional<result<void>> seen;
    tasks.spawn(note(write_durable(*f, data), seen));
    co_await tasks.join();
    s.is("write", *seen, "cancelled");
    std::string content = co_await content_at(s, s.path("f"));
    s.is("content", content, "''");
}

SCRIPT("a durable write past its deadline is timed out or done, and the file goes on") {
    result<file> f = co_await open_file(s);
    const bytes first(3000, 'a'), second(3000, 'b');
    for (const duration limit : {duration(1), duration(20us), duration(200us)}) {
        result<void> done = co_await with_deadline(s.now() + limit, write_durable(*f, first));
        s.is("limited", done || done.error().code == errc::timed_out);
    }
    result<void> done = co_await f->write_durable_at(0, second);
    s.is("afterwards", done, "ok");
    result<bytes> back = co_await read_file(s.path("f"), 10'000);
    s.is("content", back && equal(*back, second));
}

SCRIPT("a replaced file has the old content or the new, however early its task is stopped") {
    const bytes before = to_bytes("old");
    result<void> made = co_await replace_file(s.path("f"), before, 0600);
    s.is("made", made, "ok");
    for (int turns = 0; turns < 8; ++turns) {
        beside<result<void>> replacing(s, replace_file(s.path("f"), to_bytes("new"), 0600));
        for (int i = 0; i < turns; ++i)
            co_await a_turn();
        replacing.stop();
        result<void> done = co_await replacing.end();
        std::string seen = co_await content_at(s, s.path("f"));
        s.is("content", seen == "'new'" || (seen == "'old'" && !done));
        const auto names = s.io.list_directory(s.directory);
        s.is("and nothing beside it", names && *names == std::vector<std::string>{"f"});
        result<void> again = co_await replace_file(s.path("f"), before, 0600);
        s.is("made anew", again, "ok");
    }
}

// ---- past the page cache ----

/// False where the file system knows no such files.
task<bool> has_direct_files(stage& s) {
    const int fd = co_await open(s, s.path("direct"), fresh | direct);
    s.is("open", fd >= 0 || fd == -EINVAL);
    if (fd >= 0)
        s.io.close(fd);
    co_return fd >= 0;
}

SCRIPT("past the page cache whole blocks are written and read") {
    const bool has = co_await has_direct_files(s);
    if (!has)
        co_return;
    result<file> f = co_await open_file(s, fresh | direct);
    aligned_bytes data(5 * 4096), back(5 * 4096);
    const bytes some = pattern(data.size());
    std::copy(some.begin(), some.end(), data.data());
    result<void> done = co_await f->write_durable_at(4096, byte_view(data.data(), data.size()));
    s.is("write", done, "ok");
    std::size_t had = 0;
    while (had < back.size()) {
        result<std::size_t> n = co_await f->read_at(4096 + had, byte_span(back).subspan(had));
        s.is("read", n.value_or(0) > 0);
        if (n.value_or(0) == 0)
            co_return;
        had += *n;
    }
    s.is("the same", std::equal(some.begin(), some.end(), back.data()));
    result<bytes> all = co_await read_file(s.path("f"), 1 << 20);
    s.is("through the page cache", all && equal(byte_view(*all).subspan(4096), some));
    s.is("the block before", all && std::count(all->begin(), all->begin() + 4096, 0) == 4096);
}

SCRIPT("past the page cache what is misaligned is EINVAL, or done where the file system helps") {
    const bool has = co_await has_direct_files(s);
    if (!has)
        co_return;
    const int fd = co_await open(s, s.path("f"), fresh | direct);
    aligned_bytes memory(3 * 4096);
    struct {
        std::size_t begin, length;
        std::uint64_t offset;
    } const misaligned[] = {{1, 4096, 0}, {0, 4096, 1}, {0, 100, 0}, {3, 4095, 7}};
    for (const op_code code : {op_code::write, op_code::write_durable, op_code::read}) {
        for (const auto& m : misaligned) {
            by_hand o(s, code, fd, byte_span(memory).subspan(m.begin, m.length), m.offset);
            o.what.flags = direct;
            o.submit();
            const int r = co_await o.end();
            s.is("misaligned", r == -EINVAL || (r >= 0 && !s.is_simulated));
        }
        by_hand o(s, code, fd, byte_span(memory).first(4096));
        o.what.flags = direct;
        o.submit();
        const int r = co_await o.end();
        s.is("what follows is not disturbed", r, 4096);
    }
    s.io.close(fd);
}

}  // namespace
