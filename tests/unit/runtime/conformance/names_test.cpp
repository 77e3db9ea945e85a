// SPDX-License-Identifier: Apache-2.0
// Names and directories: what may be made, found and listed, and what may not.
#include "runtime/backend.hpp"

#include "tests/unit/runtime/conformance/names.hpp"

#include <algorithm>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::conformance;

namespace {

SCRIPT("what is absent is ENOENT") {
    int r = co_await try_open(s, s.path("absent"), reading);
    s.is("open", r, "ENOENT");
    r = co_await try_open(s, s.path("absent"), writing);
    s.is("open for writing", r, "ENOENT");
    r = co_await rename(s, "absent", "b");
    s.is("rename", r, "ENOENT");
    r = co_await unlink(s, "absent");
    s.is("unlink", r, "ENOENT");
    s.is("list", listed(s, s.path("absent")), "not found");
}

SCRIPT("on the way, what is absent is ENOENT and a file is ENOTDIR") {
    co_await make_file(s, s.path("file"), "x");
    const std::vector<std::pair<std::string, std::string>> ways = {
        {"absent/x", "ENOENT"}, {"file/x", "ENOTDIR"}, {"absent/x/y", "ENOENT"}};
    for (const auto& [path, wanted] : ways) {
        int r = co_await try_open(s, s.path(path), reading);
        s.is("open", r, wanted);
        r = co_await try_open(s, s.path(path), fresh);
        s.is("create", r, wanted);
        r = co_await make_dir(s, path);
        s.is("mkdir", r, wanted);
        r = co_await unlink(s, path);
        s.is("unlink", r, wanted);
        r = co_await rename(s, "file", path);
        s.is("rename to", r, wanted);
        r = co_await rename(s, path, "b");
        s.is("rename from", r, wanted);
    }
    s.is("nothing was made", listed(s, s.directory), "file");
}

SCRIPT("exclusive creation refuses what exists, file or directory") {
    int r = co_await try_open(s, s.path("f"), fresh | open_flags::exclusive);
    s.is("the first", r, 0);
    r = co_await try_open(s, s.path("f"), fresh | open_flags::exclusive);
    s.is("the second", r, "EEXIST");
    r = co_await make_dir(s, "d");
    r = co_await try_open(s, s.path("d"), fresh | open_flags::exclusive);
    s.is("a directory", r, "EEXIST");
}

SCRIPT("of twenty that create one name exclusively at once, one has made it") {
    std::vector<std::unique_ptr<beside<int>>> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(std::make_unique<beside<int>>(
            s, try_open(s, s.path("f"), fresh | open_flags::exclusive)));
    int made = 0;
    for (auto& b : all) {
        const int r = co_await b->end();
        s.is("open", r == 0 || r == -EEXIST);
        made += r == 0;
    }
    s.is("made", made, 1);
}

SCRIPT("a directory is opened for reading, and for nothing else") {
    int r = co_await try_open(s, s.directory, writing);
    s.is("writing", r, "EISDIR");
    r = co_await try_open(s, s.directory, reading | open_flags::create);
    s.is("create", r, "EISDIR");
    r = co_await try_open(s, s.directory, reading | open_flags::truncate);
    s.is("truncate", r, "EISDIR");
    const int fd = co_await open(s, s.directory, reading | open_flags::directory);
    s.is("reading", fd >= 0);
    bytes one(1);
    r = co_await transfer_once(s, op_code::read, fd, one);
    s.is("read", r, "EISDIR");
    r = co_await transfer_once(s, op_code::write, fd, one);
    s.is("write", r, "EBADF");
    r = co_await on_file(s, op_code::truncate, fd, 0, 0);
    s.is("truncate", r, "EINVAL");
    r = co_await on_file(s, op_code::allocate, fd, 0, 1);
    s.is("allocate", r, "EBADF");
    s.io.close(fd);
    co_await make_file(s, s.path("file"), "x");
    r = co_await try_open(s, s.path("file"), reading | open_flags::directory);
    s.is("a file as a directory", r, "ENOTDIR");
}

SCRIPT("an empty name is ENOENT") {
    co_await make_file(s, s.path("f"), "x");
    int r = co_await try_open(s, "", reading);
    s.is("open", r, "ENOENT");
    r = co_await try_open(s, "", fresh);
    s.is("create", r, "ENOENT");
    r = co_await on_path(s, op_code::make_dir, "");
    s.is("mkdir", r, "ENOENT");
    r = co_await on_path(s, op_code::unlink, "");
    s.is("unlink", r, "ENOENT");
    r = co_await on_path(s, op_code::rename, "", s.path("g"));
    s.is("rename from", r, "ENOENT");
    r = co_await on_path(s, op_code::rename, s.path("f"), "");
    s.is("rename to", r, "ENOENT");
    s.is("list", listed(s, ""), "not found");
    s.is("the file is there", listed(s, s.directory), "f");
}

SCRIPT("a name has at most 255 bytes") {
    const std::string longest(255, 'n'), over(256, 'n');
    int r = co_await try_open(s, s.path(longest), fresh);
    s.is("255", r, 0);
    r = co_await try_open(s, s.path(over), fresh);
    s.is("256", r, "ENAMETOOLONG");
    r = co_await make_dir(s, over);
    s.is("mkdir", r, "ENAMETOOLONG");
    r = co_await rename(s, longest, over);
    s.is("rename", r, "ENAMETOOLONG");
    r = co_await unlink(s, over);
    s.is("unlink", r, "ENAMETOOLONG");
    r = co_await rename(s, longest, "short");
    s.is("rename from it", r, 0);
}

SCRIPT("a path has at most 4,095 bytes") {
    co_await make_file(s, s.path("f"), "x");
    std::string path = s.directory + std::string(4095 - s.directory.size() - 1, '/') + "f";
    int r = co_await try_open(s, path, reading);
    s.is("4,095", r, 0);
    path.insert(s.directory.size(), "/");
    r = co_await try_open(s, path, reading);
    s.is("4,096", r, "ENAMETOOLONG");
    r = co_await on_path(s, op_code::unlink, path);
    s.is("unlink", r, "ENAMETOOLONG");
}

SCRIPT("a slash at the end wants a directory") {
    co_await make_file(s, s.path("f"), "x");
    int r = co_await make_dir(s, "d/");
    s.is("mkdir", r, 0);
    r = co_await try_open(s, s.path("d/"), reading);
    s.is("open a directory", r, 0);
    r = co_await try_open(s, s.path("f/"), reading);
    s.is("open a file", r, "ENOTDIR");
    r = co_await try_open(s, s.path("absent/"), reading);
    s.is("open what is absent", r, "ENOENT");
    r = co_await try_open(s, s.path("absent/"), fresh);
    s.is("create", r, "EISDIR");
    r = co_await unlink(s, "f/");
    s.is("unlink a file", r, "ENOTDIR");
    r = co_await unlink(s, "d/");
    s.is("unlink a directory", r, "EISDIR");
    r = co_await rename(s, "f/", "g");
    s.is("rename a file from", r, "ENOTDIR");
    r = co_await rename(s, "f", "g/");
    s.is("rename a file to", r, "ENOTDIR");
    r = co_await rename(s, "d/", "e/");
    s.is("rename a directory", r, 0);
    s.is("what is there", listed(s, s.directory), "e f");
}

SCRIPT("dots lead through directories that exist, and are no names") {
    int r = co_await make_dir(s, "d");
    co_await make_file(s, s.path("f"), "found");
    std::string seen = co_await content_at(s, s.path("./d//../d/./../f"));
    s.is("a longer way", seen, "'found'");
    r = co_await try_open(s, s.path("absent/../f"), reading);
    s.is("through what is absent", r, "ENOENT");
    r = co_await try_open(s, s.path("f/../f"), reading);
    s.is("through a file", r, "ENOTDIR");
    r = co_await try_open(s, s.path("f/."), reading);
    s.is("below a file", r, "ENOTDIR");
    r = co_await try_open(s, "/../../" + s.directory + "/f", reading);
    s.is("above the root is the root", r, 0);
    r = co_await make_dir(s, "d/.");
    s.is("mkdir", r, "EEXIST");
    r = co_await make_dir(s, "absent/.");
    s.is("mkdir below what is absent", r, "ENOENT");
    r = co_await unlink(s, "d/..");
    s.is("unlink", r, "EISDIR");
    r = co_await rename(s, "d/.", "e");
    s.is("rename from", r, "EBUSY");
    r = co_await rename(s, "f", "d/..");
    s.is("rename to", r, "EBUSY");
}

SCRIPT("a name may hold every byte but a slash and a zero, and is listed by its bytes") {
    std::vector<std::string> names = {" ", "-", ".hidden", "..x", "a b", "\n", "\x01", "\x7f"};
    names.insert(names.end(), {"\xc3\xa9", "\xff\xfe", "A", "a", "aa", "\\", "*", "%s"});
    for (const std::string& n : names)
        co_await make_file(s, s.path(n), n);
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        return std::lexicographical_compare(
            a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
                return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
            });
    });
    const auto seen = s.io.list_directory(s.directory);
    s.is("list", seen && *seen == names);
    std::string content = co_await content_at(s, s.path("\xff\xfe"));
    s.is("content", content, "'\xff\xfe'");
}

SCRIPT("a listing has every name once, directories too, and no dots") {
    s.is("nothing yet", listed(s, s.directory), "");
    std::vector<std::string> wanted;
    for (int i = 0; i < 150; ++i) {
        const std::string leaf = format("{:03}-with-a-name-of-some-length", i);
        wanted.push_back(leaf);
        task<int> making = i % 5 == 0 ? make_dir(s, leaf) : try_open(s, s.path(leaf), fresh);
        const int r = co_await making;
        s.is("made", r, 0);
    }
    auto seen = s.io.list_directory(s.directory);
    s.is("list", seen && *seen == wanted);
    for (int i = 1; i < 150; i += 5) {
        const int r = co_await unlink(s, wanted[static_cast<std::size_t>(i)]);
        s.is("removed", r, 0);
    }
    seen = s.io.list_directory(s.directory);
    s.is("without those", seen && seen->size() == 120);
    s.is("a file is no directory", listed(s, s.path(wanted[2])), "i/o");
}

SCRIPT("mkdir where something is is EEXIST, whatever it is") {
    int r = co_await make_dir(s, "d");
    s.is("mkdir", r, 0);
    r = co_await make_dir(s, "d");
    s.is("again", r, "EEXIST");
    co_await make_file(s, s.path("f"), "kept");
    r = co_await make_dir(s, "f");
    s.is("over a file", r, "EEXIST");
    r = co_await make_dir(s, "d/e");
    s.is("below", r, 0);
    r = co_await on_path(s, op_code::make_dir, "/");
    s.is("the root", r, "EEXIST");
    s.is("list", listed(s, s.path("d")), "e");
}

}  // namespace
