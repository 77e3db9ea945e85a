// SPDX-License-Identifier: Apache-2.0
// Files: the simulated backend and io_uring give the same answers.
#include "runtime/sim/backend.hpp"

#include "tests/unit/runtime/backend_conformance.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::script;

namespace {

// ---- files ----

task<bool> opening(stage& s) {
    int r = co_await open(s, s.path("absent"), open_flags::read);
    s.log.say("open what is absent", r);
    r = co_await open(s, s.path("no/such/place"), fresh);
    s.log.say("create where there is no directory", r);
    const int made = co_await open(s, s.path("file"), fresh | open_flags::exclusive);
    s.log.say("create", made >= 0);
    r = co_await open(s, s.path("file"), fresh | open_flags::exclusive);
    s.log.say("create what exists", r);
    r = co_await open(s, s.path("file/under"), open_flags::read);
    s.log.say("open below a file", r);
    r = co_await open(s, s.path("file"), open_flags::read | open_flags::directory);
    s.log.say("open a file as a directory", r);
    r = co_await open(s, s.directory, open_flags::write);
    s.log.say("open a directory for writing", r);
    r = co_await open(s, s.path(std::string(300, 'n')), fresh);
    s.log.say("a name of 300 bytes", r);
    bytes data = to_bytes("hello");
    std::int64_t n = co_await transfer(s, op_code::write, made, data);
    s.log.say("write", n);
    s.io.close(made);
    r = co_await on_file(s, op_code::sync, made, 0, 0);
    s.log.say("sync what is closed", r);

    const int reader = co_await open(s, s.path("file"), open_flags::read);
    n = co_await transfer(s, op_code::write, reader, data);
    s.log.say("write to what is open for reading", n);
    r = co_await on_file(s, op_code::truncate, reader, 0, 1);
    s.log.say("truncate what is open for reading", r);
    r = co_await on_file(s, op_code::allocate, reader, 0, 1);
    s.log.say("allocate in what is open for reading", r);
    s.log.say("size", static_cast<std::int64_t>(s.io.file_size(reader).value_or(99)));
    s.io.close(reader);
    const int writer = co_await open(s, s.path("file"), open_flags::write | open_flags::truncate);
    s.log.say("size after opening with truncate", static_cast<std::int64_t>(s.io.file_size(writer).value_or(99)));
    n = co_await transfer(s, op_code::read, writer, data);
    s.log.say("read from what is open for writing", n);
    s.io.close(writer);
    s.log.say("size of what is closed", s.io.file_size(writer).has_value());
    const int directory = co_await open(s, s.directory, open_flags::read | open_flags::directory);
    n = co_await transfer(s, op_code::read, directory, data);
    s.log.say("read a directory", n);
    r = co_await on_file(s, op_code::sync, directory, 0, 0, open_flags::directory);
    s.log.say("sync a directory", r);
    s.io.close(directory);
    co_return true;
}

TEST_CASE("backends open files alike") {
    conforms(opening, {"open what is absent: ENOENT",
                       "create where there is no directory: ENOENT",
                       "create: 1",
                       "create what exists: EEXIST",
                       "open below a file: ENOTDIR",
                       "open a file as a directory: ENOTDIR",
                       "open a directory for writing: EISDIR",
                       "a name of 300 bytes: ENAMETOOLONG",
                       "write: 5",
                       "sync what is closed: EBADF",
                       "write to what is open for reading: EBADF",
                       "truncate what is open for reading: EINVAL",
                       "allocate in what is open for reading: EBADF",
                       "size: 5",
                       "size after opening with truncate: 0",
                       "read from what is open for writing: EBADF",
                       "size of what is closed: 0",
                       "read a directory: EISDIR",
                       "sync a directory: 0"});
}

task<std::string> content_of(stage& s, descriptor fd) {
    bytes all(64);
    const std::int64_t n = co_await transfer(s, op_code::read, fd, all);
    all.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    std::replace(all.begin(), all.end(), std::uint8_t{0}, std::uint8_t{'.'});
    co_return "'" + std::string(text(all)) + "'";
}

task<bool> contents(stage& s) {
    const int fd = co_await open(s, s.path("file"), fresh);
    bytes abc = to_bytes("abc"), xy = to_bytes("XY");
    std::int64_t n = co_await transfer(s, op_code::write, fd, abc, 0);
    n = co_await transfer(s, op_code::write, fd, xy, 6);
    s.log.say("write past the end", n);
    std::string seen = co_await content_of(s, fd);
    s.log.say("a gap is zero", seen);
    n = co_await transfer(s, op_code::write, fd, xy, 1);
    seen = co_await content_of(s, fd);
    s.log.say("overwritten", seen);
    n = co_await transfer(s, op_code::read, fd, abc, 8);
    s.log.say("read at the end", n);
    n = co_await transfer(s, op_code::read, fd, abc, 1000);
    s.log.say("read past the end", n);
    n = co_await transfer(s, op_code::read, fd, abc, 7);
    s.log.say("read across the end", n);
    int r = co_await on_file(s, op_code::truncate, fd, 0, 2);
    seen = co_await content_of(s, fd);
    s.log.say("truncated", seen);
    r = co_await on_file(s, op_code::truncate, fd, 0, 4);
    seen = co_await content_of(s, fd);
    s.log.say("and longer again", seen);
    r = co_await on_file(s, op_code::allocate, fd, 2, 6);
    s.log.say("allocate", r);
    seen = co_await content_of(s, fd);
    s.log.say("allocated", seen);
    r = co_await on_file(s, op_code::allocate, fd, 0, 1);
    s.log.say("allocate what is there", r);
    r = co_await on_file(s, op_code::allocate, fd, 0, 0);
    s.log.say("allocate nothing", r);
    s.log.say("size", static_cast<std::int64_t>(s.io.file_size(fd).value_or(99)));
    r = co_await on_file(s, op_code::sync, fd, 0, 0);
    s.log.say("sync", r);
    s.io.close(fd);

    const int end = co_await open(s, s.path("file"), open_flags::write | open_flags::append);
    bytes tail = to_bytes("!");
    n = co_await transfer(s, op_code::write, end, tail, 0);
    s.io.close(end);
    const int again = co_await open(s, s.path("file"), open_flags::read);
    seen = co_await content_of(s, again);
    s.log.say("appended whatever the offset", seen);
    r = co_await on_path(s, op_code::unlink, s.path("file"));
    seen = co_await content_of(s, again);
    s.log.say("unlinked and still open", seen);
    s.io.close(again);
    co_return true;
}

TEST_CASE("backends keep contents alike") {
    conforms(contents, {"write past the end: 2",
                        "a gap is zero: 'abc...XY'",
                        "overwritten: 'aXY...XY'",
                        "read at the end: 0",
                        "read past the end: 0",
                        "read across the end: 1",
                        "truncated: 'aX'",
                        "and longer again: 'aX..'",
                        "allocate: 0",
                        "allocated: 'aX......'",
                        "allocate what is there: 0",
                        "allocate nothing: EINVAL",
                        "size: 8",
                        "sync: 0",
                        "appended whatever the offset: 'aX......!'",
                        "unlinked and still open: 'aX......!'"});
}

task<void> make_file(stage& s, std::string path, std::string content) {
    const int fd = co_await open(s, path, fresh | open_flags::truncate);
    bytes data = to_bytes(content);
    const std::int64_t n = co_await transfer(s, op_code::write, fd, data);
    s.io.close(fd);
    s.log.say("write", n);
}
task<std::string> file_content(stage& s, std::string path) {
    const int fd = co_await open(s, path, open_flags::read);
    if (fd < 0)
        co_return std::string("absent");
    std::string seen = co_await content_of(s, fd);
    s.io.close(fd);
    co_return seen;
}

task<bool> names(stage& s) {
    int r = co_await on_path(s, op_code::make_dir, s.path("d"));
    s.log.say("mkdir", r);
    r = co_await on_path(s, op_code::make_dir, s.path("d"));
    s.log.say("mkdir again", r);
    r = co_await on_path(s, op_code::make_dir, s.path("x/y"));
    s.log.say("mkdir below nothing", r);
    for (const char* leaf : {"a", "b", "d/c"})
        co_await make_file(s, s.path(leaf), std::string("of ") + leaf);
    auto listed = s.io.list_directory(s.directory);
    s.log.say("list", listed ? join(*listed, " ") : listed.error().text);
    s.log.say_code("list what is absent", s.io.list_directory(s.path("absent")));
    s.log.say_code("list a file", s.io.list_directory(s.path("a")));

    r = co_await on_path(s, op_code::rename, s.path("a"), s.path("b"));
    s.log.say("rename over a file", r);
    std::string seen = co_await file_content(s, s.path("b"));
    s.log.say("b is", seen);
    seen = co_await file_content(s, s.path("a"));
    s.log.say("a is", seen);
    r = co_await on_path(s, op_code::rename, s.path("a"), s.path("b"));
    s.log.say("rename what is absent", r);
    r = co_await on_path(s, op_code::rename, s.path("b"), s.path("absent/b"));
    s.log.say("rename to nowhere", r);
    r = co_await on_path(s, op_code::rename, s.path("b"), s.path("d"));
    s.log.say("rename a file over a directory", r);
    r = co_await on_path(s, op_code::rename, s.path("d"), s.path("b"));
    s.log.say("rename a directory over a file", r);
    r = co_await on_path(s, op_code::make_dir, s.path("e"));
    r = co_await on_path(s, op_code::rename, s.path("e"), s.path("d"));
    s.log.say("rename a directory over a full one", r);
    r = co_await on_path(s, op_code::rename, s.path("d"), s.path("d/inside"));
    s.log.say("rename a directory into itself", r);
    r = co_await on_path(s, op_code::rename, s.path("d"), s.path("e"));
    s.log.say("rename a directory over an empty one", r);
    r = co_await on_path(s, op_code::rename, s.path("b"), s.path("e/b"));
    s.log.say("rename to another directory", r);
    r = co_await on_path(s, op_code::rename, s.path("e/b"), s.path("e/b"));
    s.log.say("rename to itself", r);
    listed = s.io.list_directory(s.path("e"));
    s.log.say("list", listed ? join(*listed, " ") : listed.error().text);
    seen = co_await file_content(s, s.path("./e//../e/b"));
    s.log.say("by a longer way", seen);

    r = co_await on_path(s, op_code::unlink, s.path("absent"));
    s.log.say("unlink what is absent", r);
    r = co_await on_path(s, op_code::unlink, s.path("e"));
    s.log.say("unlink a directory", r);
    r = co_await on_path(s, op_code::unlink, s.path("e/b"));
    s.log.say("unlink", r);
    listed = s.io.list_directory(s.directory);
    s.log.say("list", listed ? join(*listed, " ") : listed.error().text);
    co_return true;
}

TEST_CASE("backends keep names alike") {
    conforms(names, {"mkdir: 0",
                     "mkdir again: EEXIST",
                     "mkdir below nothing: ENOENT",
                     "write: 4",
                     "write: 4",
                     "write: 6",
                     "list: a b d",
                     "list what is absent: not found",
                     "list a file: i/o",
                     "rename over a file: 0",
                     "b is: 'of a'",
                     "a is: absent",
                     "rename what is absent: ENOENT",
                     "rename to nowhere: ENOENT",
                     "rename a file over a directory: EISDIR",
                     "rename a directory over a file: ENOTDIR",
                     "rename a directory over a full one: ENOTEMPTY",
                     "rename a directory into itself: EINVAL",
                     "rename a directory over an empty one: 0",
                     "rename to another directory: 0",
                     "rename to itself: 0",
                     "list: b c",
                     "by a longer way: 'of a'",
                     "unlink what is absent: ENOENT",
                     "unlink a directory: EISDIR",
                     "unlink: 0",
                     "list: e"});
}

}  // namespace
