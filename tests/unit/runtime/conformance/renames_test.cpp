// SPDX-License-Identifier: Apache-2.0
// Names that change: renamed, renamed over, removed, also while others look.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/names.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

SCRIPT("rename moves a file with its content, within a directory and to another") {
    int r = co_await make_dir(s, "d");
    co_await make_file(s, s.path("a"), "content");
    r = co_await rename(s, "a", "b");
    s.is("rename", r, 0);
    std::string seen = co_await content_at(s, s.path("a"));
    s.is("the old name", seen, "ENOENT");
    r = co_await rename(s, "b", "d/c");
    s.is("to another directory", r, 0);
    seen = co_await content_at(s, s.path("d/c"));
    s.is("content", seen, "'content'");
    s.is("list", listed(s, s.directory), "d");
}

SCRIPT("rename over a file replaces it, and who has that one open reads on") {
    co_await make_file(s, s.path("old"), "old content");
    co_await make_file(s, s.path("new"), "new content");
    const int old = co_await open(s, s.path("old"), reading);
    int r = co_await rename(s, "new", "old");
    s.is("rename", r, 0);
    std::string seen = co_await content_of(s, old);
    s.is("by the descriptor", seen, "'old content'");
    s.io.close(old);
    seen = co_await content_at(s, s.path("old"));
    s.is("by the name", seen, "'new content'");
    s.is("list", listed(s, s.directory), "old");
}

SCRIPT("rename to itself changes nothing") {
    co_await make_file(s, s.path("f"), "kept");
    int r = co_await rename(s, "f", "./f");
    s.is("a file", r, 0);
    r = co_await make_dir(s, "d");
    r = co_await rename(s, "d", "d");
    s.is("a directory", r, 0);
    std::string seen = co_await content_at(s, s.path("f"));
    s.is("content", seen, "'kept'");
}

SCRIPT("a directory takes the place of an empty one only, and a file that of a file only") {
    for (const char* leaf : {"d", "e", "full", "full/x"}) {
        const int r = co_await make_dir(s, leaf);
        s.is("mkdir", r, 0);
    }
    co_await make_file(s, s.path("f"), "x");
    int r = co_await rename(s, "f", "d");
    s.is("a file over a directory", r, "EISDIR");
    r = co_await rename(s, "d", "f");
    s.is("a directory over a file", r, "ENOTDIR");
    r = co_await rename(s, "d", "full");
    s.is("over a full one", r, "ENOTEMPTY");
    r = co_await rename(s, "full", "e");
    s.is("over an empty one", r, 0);
    s.is("what is there", listed(s, s.directory), "d e f");
    s.is("what was in it", listed(s, s.path("e")), "x");
}

SCRIPT("nothing is renamed into itself, or over what holds it") {
    int r = co_await make_dir(s, "d");
    r = co_await make_dir(s, "d/e");
    co_await make_file(s, s.path("d/e/f"), "x");
    r = co_await rename(s, "d", "d/x");
    s.is("into itself", r, "EINVAL");
    r = co_await rename(s, "d", "d/e/x");
    s.is("deep into itself", r, "EINVAL");
    r = co_await rename(s, "d/e", "d");
    s.is("a directory over what holds it", r, "ENOTEMPTY");
    r = co_await rename(s, "d/e/f", "d/e");
    s.is("a file over what holds it", r, "ENOTEMPTY");
    r = co_await rename(s, "d/e/f", "d");
    s.is("far above", r, "ENOTEMPTY");
}

SCRIPT("a renamed directory takes along what is in it, open files too") {
    int r = co_await make_dir(s, "d");
    co_await make_file(s, s.path("d/f"), "in it");
    const int fd = co_await open(s, s.path("d/f"), reading | writing);
    r = co_await rename(s, "d", "e");
    s.is("rename", r, 0);
    const std::int64_t n = co_await write_text(s, fd, "still", 0);
    s.is("write", n, 5);
    s.io.close(fd);
    std::string seen = co_await content_at(s, s.path("e/f"));
    s.is("content", seen, "'still'");
    seen = co_await content_at(s, s.path("d/f"));
    s.is("the old way", seen, "ENOENT");
}

SCRIPT("an unlinked file is read and written by who has it open, and its name is free") {
    co_await make_file(s, s.path("f"), "before");
    const int old = co_await open(s, s.path("f"), reading | writing);
    int r = co_await unlink(s, "f");
    s.is("unlink", r, 0);
    r = co_await unlink(s, "f");
    s.is("again", r, "ENOENT");
    co_await make_file(s, s.path("f"), "another");
    const std::int64_t n = co_await write_text(s, old, " and after", 6);
    s.is("write", n, 10);
    std::string seen = co_await content_of(s, old);
    s.is("by the descriptor", seen, "'before and after'");
    r = co_await on_file(s, op_code::sync, old);
    s.is("sync", r, 0);
    s.io.close(old);
    seen = co_await content_at(s, s.path("f"));
    s.is("by the name", seen, "'another'");
}

SCRIPT("a directory is not unlinked") {
    int r = co_await make_dir(s, "d");
    r = co_await unlink(s, "d");
    s.is("an empty one", r, "EISDIR");
    r = co_await on_path(s, op_code::unlink, "/");
    s.is("the root", r, "EISDIR");
    s.is("it is there", listed(s, s.directory), "d");
}

SCRIPT("of two renames of a name at once, one has it") {
    for (int i = 0; i < 10; ++i) {
        co_await make_file(s, s.path("from"), "x");
        beside<int> a(s, rename(s, "from", "a")), b(s, rename(s, "from", "b"));
        const int ra = co_await a.end(), rb = co_await b.end();
        s.is("one of the two", std::min(ra, rb) == -ENOENT && std::max(ra, rb) == 0);
        s.is("it is there", listed(s, s.directory), ra == 0 ? "a" : "b");
        const int r = co_await unlink(s, ra == 0 ? "a" : "b");
        s.is("unlink", r, 0);
    }
}

SCRIPT("an open that races with its unlink has the file or ENOENT") {
    for (int i = 0; i < 20; ++i) {
        co_await make_file(s, s.path("f"), "x");
        beside<int> opening(s, try_open(s, s.path("f"), reading)), removing(s, unlink(s, "f"));
        const int opened = co_await opening.end(), removed = co_await removing.end();
        s.is("open", opened == 0 || opened == -ENOENT);
        s.is("unlink", removed, 0);
    }
}

task<int> replace_many_times(stage& s) {
    for (int i = 0; i < 30; ++i) {
        const std::string content(static_cast<std::size_t>(1 + i % 5),
                                  static_cast<char>('a' + i % 5));
        co_await make_file(s, s.path("new"), content);
        const int r = co_await rename(s, "new", "f");
        s.is("rename", r, 0);
    }
    co_return 0;
}

SCRIPT("who opens a name that is renamed over all the time finds a whole file each time") {
    co_await make_file(s, s.path("f"), "a");
    beside<int> replacing(s, replace_many_times(s));
    for (bool last = false; !last;) {
        last = replacing.has_ended();
        std::string seen = co_await content_at(s, s.path("f"));
        const bool is_whole = seen == "'a'" || seen == "'bb'" || seen == "'ccc'" ||
                              seen == "'dddd'" || seen == "'eeeee'";
        s.is("whole", is_whole);
    }
    const int r = co_await replacing.end();
    s.is("replaced", r, 0);
}

task<int> cancelled(stage& s, op_code code, std::string path, std::string path2, bool at_once) {
    by_hand change(s, code, -1);
    change.what.path = path.c_str();
    change.what.path2 = path2.c_str();
    change.what.mode = 0700;
    co_return co_await change.cancelled(at_once);
}

SCRIPT("a change of names that is cancelled was made or was not, as it says") {
    for (int i = 0; i < 12; ++i) {
        const bool at_once = i % 2 == 0;
        const std::string home = std::to_string(i), d = home + "/d", e = home + "/e";
        int r = co_await make_dir(s, home);
        r = co_await cancelled(s, op_code::make_dir, s.path(d), "", at_once);
        s.is("mkdir", r == 0 || r == -ECANCELED);
        s.is("as it says", listed(s, s.path(home)), r == 0 ? "d" : "");
        if (r != 0)
            r = co_await make_dir(s, d);
        r = co_await cancelled(s, op_code::rename, s.path(d), s.path(e), at_once);
        s.is("rename", r == 0 || r == -ECANCELED);
        s.is("as it says", listed(s, s.path(home)), r == 0 ? "e" : "d");
        co_await make_file(s, s.path(home + "/f"), "x");
        r = co_await cancelled(s, op_code::unlink, s.path(home + "/f"), "", at_once);
        s.is("unlink", r == 0 || r == -ECANCELED);
        std::string left = co_await content_at(s, s.path(home + "/f"));
        s.is("as it says", left, r == 0 ? "ENOENT" : "'x'");
    }
}

}  // namespace
