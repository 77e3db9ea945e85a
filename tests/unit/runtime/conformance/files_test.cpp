// SPDX-License-Identifier: Apache-2.0
// What is in a file: reading, writing, its size and its end, and who may do what with it.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/suite.hpp"

#include <algorithm>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

constexpr std::uint32_t reading = open_flags::read, writing = open_flags::write;

std::int64_t size_of(stage& s, descriptor fd) {
    const auto size = s.io.file_size(fd);
    return size ? static_cast<std::int64_t>(*size) : -EBADF;
}

/// The pattern from `from` on, `piece` bytes at a time.
task<void> write_pattern(stage& s, descriptor fd, std::uint64_t from, std::size_t count,
                         std::size_t piece) {
    for (std::size_t done = 0; done < count; done += piece) {
        bytes part = pattern(std::min(piece, count - done), from + done);
        const std::int64_t n = co_await transfer(s, op_code::write, fd, part, from + done);
        s.is("write", n, part.size());
    }
}
task<bytes> read_all(stage& s, descriptor fd, std::size_t count, std::size_t piece) {
    bytes all(count);
    for (std::size_t done = 0; done < count; done += piece) {
        const byte_span part = byte_span(all).subspan(done, std::min(piece, count - done));
        const std::int64_t n = co_await transfer(s, op_code::read, fd, part, done);
        s.is("read", n, part.size());
    }
    co_return all;
}

SCRIPT("what is written in pieces is read back in others") {
    constexpr std::size_t count = 100'000;
    const int fd = co_await open(s, s.path("f"), fresh);
    co_await write_pattern(s, fd, 0, count, 7'919);
    const bytes back = co_await read_all(s, fd, count, 3'331);
    s.is("the same", equal(back, pattern(count)));
    s.io.close(fd);
}

SCRIPT("megabytes in one operation are read back in one") {
    constexpr std::size_t count = 3'000'001;
    const int fd = co_await open(s, s.path("f"), fresh);
    co_await write_pattern(s, fd, 0, count, count);
    const bytes back = co_await read_all(s, fd, count, count);
    s.is("the same", equal(back, pattern(count)));
    s.io.close(fd);
}

SCRIPT("pieces written from the last to the first make the same file") {
    constexpr std::size_t count = 20'000, piece = 1'000;
    const int fd = co_await open(s, s.path("f"), fresh);
    for (std::size_t left = count; left > 0; left -= piece)
        co_await write_pattern(s, fd, left - piece, piece, piece);
    const bytes back = co_await read_all(s, fd, count, count);
    s.is("the same", equal(back, pattern(count)));
    s.io.close(fd);
}

SCRIPT("a read at the end of a file is 0, past it too, and across it short") {
    co_await make_file(s, s.path("f"), "12345");
    const int fd = co_await open(s, s.path("f"), reading);
    bytes into(3);
    std::int64_t n = co_await transfer(s, op_code::read, fd, into, 5);
    s.is("at the end", n, 0);
    n = co_await transfer(s, op_code::read, fd, into, 1'000'000);
    s.is("past it", n, 0);
    n = co_await transfer(s, op_code::read, fd, into, 3);
    s.is("across it", n, 2);
    s.is("what was there", into[0] == '4' && into[1] == '5');
    s.io.close(fd);
}

SCRIPT("an empty file is read to its end at once") {
    co_await make_file(s, s.path("f"), "");
    std::string seen = co_await content_at(s, s.path("f"));
    s.is("content", seen, "''");
}

SCRIPT("bytes that nobody wrote between others are zeros") {
    const int fd = co_await open(s, s.path("f"), fresh);
    std::int64_t n = co_await write_text(s, fd, "ab");
    n = co_await write_text(s, fd, "yz", 6);
    std::string seen = co_await content_of(s, fd);
    s.is("a gap", seen, "'ab....yz'");
    n = co_await write_text(s, fd, "!", 100'000);
    s.is("far behind", n, 1);
    const bytes all = co_await read_all(s, fd, 100'001, 100'001);
    s.is("the gap is zeros", std::count(all.begin() + 8, all.end() - 1, 0), 99'992);
    s.io.close(fd);
}

SCRIPT("an overwrite changes its bytes and no others") {
    co_await make_file(s, s.path("f"), "abcdefgh");
    const int fd = co_await open(s, s.path("f"), reading | writing);
    std::int64_t n = co_await write_text(s, fd, "XY", 3);
    s.is("write", n, 2);
    std::string seen = co_await content_of(s, fd);
    s.is("content", seen, "'abcXYfgh'");
    n = co_await write_text(s, fd, "longer", 6);
    seen = co_await content_of(s, fd);
    s.is("across the end", seen, "'abcXYflonger'");
    s.io.close(fd);
}

SCRIPT("a transfer of nothing is 0 and changes nothing, wherever it is") {
    co_await make_file(s, s.path("f"), "abc");
    const int fd = co_await open(s, s.path("f"), reading | writing);
    bytes nothing;
    for (const std::uint64_t at : {0, 3, 1000}) {
        int r = co_await transfer_once(s, op_code::read, fd, nothing, at);
        s.is("read", r, 0);
        r = co_await transfer_once(s, op_code::write, fd, nothing, at);
        s.is("write", r, 0);
    }
    s.is("size", size_of(s, fd), 3);
    s.io.close(fd);
}

SCRIPT("an append goes to the end, whatever offset it names") {
    co_await make_file(s, s.path("f"), "begin");
    const int fd = co_await open(s, s.path("f"), writing | open_flags::append);
    for (const std::uint64_t at : {0, 2, 1000}) {
        const std::int64_t n = co_await write_text(s, fd, "+", at);
        s.is("append", n, 1);
    }
    s.io.close(fd);
    std::string seen = co_await content_at(s, s.path("f"));
    s.is("content", seen, "'begin+++'");
}

SCRIPT("sixty appends at once all land, none over another") {
    const int fd = co_await open(s, s.path("f"), fresh | open_flags::append);
    std::string letters;
    std::vector<std::unique_ptr<by_hand>> all;
    for (int i = 0; i < 60; ++i)
        letters += static_cast<char>('A' + i);
    for (char& c : letters) {
        const byte_span one(reinterpret_cast<std::uint8_t*>(&c), 1);
        all.push_back(std::make_unique<by_hand>(s, op_code::write, fd, one));
        all.back()->submit();
    }
    for (auto& o : all) {
        const int n = co_await o->end();
        s.is("append", n, 1);
    }
    std::string seen = co_await content_of(s, fd);
    std::sort(seen.begin() + 1, seen.end() - 1);
    s.is("every letter once", seen, "'" + letters + "'");
    s.io.close(fd);
}

SCRIPT("writes to many places of a file at once all land") {
    constexpr std::size_t count = 64;
    const int fd = co_await open(s, s.path("f"), fresh);
    bytes data = pattern(count);
    std::vector<std::unique_ptr<by_hand>> all;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = i * 37 % count;
        const byte_span one = byte_span(data).subspan(at, 1);
        all.push_back(std::make_unique<by_hand>(s, op_code::write, fd, one, at));
        all.back()->submit();
    }
    for (auto& o : all) {
        const int n = co_await o->end();
        s.is("write", n, 1);
    }
    const bytes back = co_await read_all(s, fd, count, count);
    s.is("the same", equal(back, data));
    s.io.close(fd);
}

SCRIPT("a read beside a write of the same byte sees the old one or the new one") {
    co_await make_file(s, s.path("f"), "old");
    const int fd = co_await open(s, s.path("f"), reading | writing);
    for (int i = 0; i < 20; ++i) {
        const std::uint8_t before = static_cast<std::uint8_t>('a' + i), after = before + 1;
        bytes first(1, before), second(1, after), seen(1);
        int n = co_await transfer_once(s, op_code::write, fd, first, 1);
        by_hand write(s, op_code::write, fd, second, 1), read(s, op_code::read, fd, seen, 1);
        write.submit();
        read.submit();
        n = co_await read.end();
        s.is("read", n, 1);
        s.is("one of the two", seen[0] == before || seen[0] == after);
        n = co_await write.end();
        n = co_await transfer_once(s, op_code::read, fd, seen, 1);
        s.is("afterwards", seen[0], after);
    }
    s.io.close(fd);
}

SCRIPT("two descriptors of a file see the same bytes and the same size") {
    const int a = co_await open(s, s.path("f"), fresh);
    const int b = co_await open(s, s.path("f"), reading | writing);
    std::int64_t n = co_await write_text(s, a, "from a");
    std::string seen = co_await content_of(s, b);
    s.is("b sees", seen, "'from a'");
    n = co_await write_text(s, b, " and b", 6);
    s.is("write", n, 6);
    s.is("size by a", size_of(s, a), 12);
    s.io.close(b);
    seen = co_await content_of(s, a);
    s.is("a sees, and is open still", seen, "'from a and b'");
    s.io.close(a);
}

SCRIPT("truncate cuts, and what grows again is zeros") {
    co_await make_file(s, s.path("f"), "abcdef");
    const int fd = co_await open(s, s.path("f"), reading | writing);
    int r = co_await on_file(s, op_code::truncate, fd, 0, 2);
    s.is("truncate", r, 0);
    std::string seen = co_await content_of(s, fd);
    s.is("cut", seen, "'ab'");
    r = co_await on_file(s, op_code::truncate, fd, 0, 5);
    s.is("the other way", r, 0);
    seen = co_await content_of(s, fd);
    s.is("longer", seen, "'ab...'");
    r = co_await on_file(s, op_code::truncate, fd, 0, 0);
    s.is("size", size_of(s, fd), 0);
    s.io.close(fd);
}

SCRIPT("allocate makes room of zeros and leaves what is there") {
    co_await make_file(s, s.path("f"), "abc");
    const int fd = co_await open(s, s.path("f"), reading | writing);
    int r = co_await on_file(s, op_code::allocate, fd, 2, 6);
    s.is("allocate", r, 0);
    std::string seen = co_await content_of(s, fd);
    s.is("content", seen, "'abc.....'");
    r = co_await on_file(s, op_code::allocate, fd, 0, 1);
    s.is("what is there", r, 0);
    s.is("does not shrink", size_of(s, fd), 8);
    r = co_await on_file(s, op_code::allocate, fd, 100'000, 1);
    s.is("far behind", size_of(s, fd), 100'001);
    s.io.close(fd);
}

SCRIPT("allocate of nothing is EINVAL, of more than a file can be EFBIG") {
    const int fd = co_await open(s, s.path("f"), fresh);
    int r = co_await on_file(s, op_code::allocate, fd, 0, 0);
    s.is("nothing", r, "EINVAL");
    r = co_await on_file(s, op_code::allocate, fd, INT64_MAX - 10, 100);
    s.is("too much", r, "EFBIG");
    s.is("size", size_of(s, fd), 0);
    s.io.close(fd);
}

task<int> cancelled(stage& s, op_code code, descriptor fd, std::uint64_t length, bool at_once) {
    by_hand change(s, code, fd);
    change.what.length = length;
    co_return co_await change.cancelled(at_once);
}

SCRIPT("a change of size that is cancelled was made or was not, as it says") {
    const int fd = co_await open(s, s.path("f"), fresh);
    for (int i = 0; i < 12; ++i) {
        std::int64_t size = size_of(s, fd);
        int r = co_await cancelled(s, op_code::allocate, fd, 5'000, i % 2 == 0);
        s.is("allocate", r == 0 || r == -ECANCELED);
        s.is("as it says", size_of(s, fd), r == 0 ? 5'000 : size);
        size = size_of(s, fd);
        r = co_await cancelled(s, op_code::truncate, fd, 10, i % 2 == 0);
        s.is("truncate", r == 0 || r == -ECANCELED);
        s.is("as it says", size_of(s, fd), r == 0 ? 10 : size);
        r = co_await on_file(s, op_code::truncate, fd, 0, 0);
        s.is("emptied", r, 0);
    }
    s.io.close(fd);
}

SCRIPT("what is open for reading is not written, allocated or truncated") {
    co_await make_file(s, s.path("f"), "kept");
    const int fd = co_await open(s, s.path("f"), reading);
    std::int64_t n = co_await write_text(s, fd, "x");
    s.is("write", n, "EBADF");
    int r = co_await on_file(s, op_code::allocate, fd, 0, 10);
    s.is("allocate", r, "EBADF");
    r = co_await on_file(s, op_code::truncate, fd, 0, 1);
    s.is("truncate", r, "EINVAL");
    r = co_await on_file(s, op_code::sync, fd);
    s.is("sync", r, 0);
    std::string seen = co_await content_of(s, fd);
    s.is("content", seen, "'kept'");
    s.io.close(fd);
}

SCRIPT("what is open for writing is not read") {
    co_await make_file(s, s.path("f"), "kept");
    const int fd = co_await open(s, s.path("f"), writing);
    std::string seen = co_await content_of(s, fd);
    s.is("read", seen, "EBADF");
    s.is("its size is known", size_of(s, fd), 4);
    s.io.close(fd);
}

SCRIPT("opening leaves the content, opening with truncate empties it, for a reader too") {
    co_await make_file(s, s.path("f"), "content");
    int fd = co_await open(s, s.path("f"), fresh);
    s.is("create", size_of(s, fd), 7);
    s.io.close(fd);
    fd = co_await open(s, s.path("f"), writing | open_flags::truncate);
    s.is("truncate", size_of(s, fd), 0);
    s.io.close(fd);
    co_await make_file(s, s.path("f"), "again");
    fd = co_await open(s, s.path("f"), reading | open_flags::truncate);
    s.is("a reader", size_of(s, fd), 0);
    s.io.close(fd);
}

SCRIPT("syncs end, of data, of nothing, of a directory, and several at once") {
    const int fd = co_await open(s, s.path("f"), fresh);
    int r = co_await on_file(s, op_code::sync, fd);
    s.is("of nothing", r, 0);
    const std::int64_t n = co_await write_text(s, fd, "data");
    s.is("write", n, 4);
    by_hand first(s, op_code::sync, fd), second(s, op_code::sync, fd);
    first.submit();
    second.submit();
    r = co_await second.end();
    s.is("of data", r, 0);
    r = co_await first.end();
    s.is("twice", r, 0);
    s.io.close(fd);
    const int directory = co_await open(s, s.directory, reading | open_flags::directory);
    r = co_await on_file(s, op_code::sync, directory, 0, 0, open_flags::directory);
    s.is("of a directory", r, 0);
    s.io.close(directory);
}

SCRIPT("without a descriptor all is EBADF") {
    bytes one(1);
    for (const op_code code : {op_code::read, op_code::write, op_code::write_durable}) {
        const int r = co_await transfer_once(s, code, -1, one);
        s.is("transfer", r, "EBADF");
    }
    for (const op_code code : {op_code::sync, op_code::allocate, op_code::truncate}) {
        const int r = co_await on_file(s, code, -1, 0, 1);
        s.is("on file", r, "EBADF");
    }
    s.is("size", s.io.file_size(-1), "i/o");
}

SCRIPT("an operation stays with its file when its descriptor is closed and the number used again") {
    co_await make_file(s, s.path("f"), "f");
    co_await make_file(s, s.path("g"), "g");
    for (int i = 0; i < 10; ++i) {
        const int f = co_await open(s, s.path("f"), reading | writing);
        bytes into(1), data(1, static_cast<std::uint8_t>('0' + i));
        by_hand read(s, op_code::read, f, into), write(s, op_code::write, f, data, 1);
        read.submit();
        write.submit();
        s.io.close(f);
        const int g = co_await open(s, s.path("g"), reading | writing);
        int n = co_await read.end();
        s.is("read", n == 1 && into[0] == 'f');
        n = co_await write.end();
        s.is("write", n, 1);
        std::string seen = co_await content_of(s, g);
        s.is("the other file", seen, "'g'");
        s.io.close(g);
        seen = co_await content_at(s, s.path("f"));
        s.is("the file", seen, format("'f{}'", i));
    }
}

}  // namespace
