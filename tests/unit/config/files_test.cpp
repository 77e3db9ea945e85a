// SPDX-License-Identifier: Apache-2.0
#include "config/files.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/temporary_directory.hpp"

using namespace tetrad;
using namespace tetrad::config;

TEST_CASE("a file is replaced as a whole, with its mode, and no other file stays behind") {
    testing::temporary_directory at;
    at.put("key.json", "old and long");
    at.put("key.json.tmp", "left by a crash");
    REQUIRE(replace_file(at.file("key.json"), "new", 0600));
    REQUIRE(at.get("key.json") == "new");
    struct stat s {};
    REQUIRE(::stat(at.file("key.json").c_str(), &s) == 0);
    REQUIRE((s.st_mode & 0777) == 0600);
    REQUIRE_FALSE(file_exists(at.file("key.json.tmp")));
}

TEST_CASE("a file that cannot be replaced is named") {
    testing::temporary_directory at;
    const auto done = replace_file(at.file("none/key.json"), "x", 0600);
    REQUIRE_FALSE(done);
    REQUIRE(done.error().code == errc::not_found);
    REQUIRE(done.error().text.find(at.file("none/key.json")) != std::string::npos);
}

TEST_CASE("reading knows missing files, directories and limits") {
    testing::temporary_directory at;
    REQUIRE(read_file(at.file("none"), 10).error().code == errc::not_found);
    REQUIRE(read_file(at.path(), 10).error().code == errc::io);
    at.put("ten", "0123456789");
    REQUIRE(read_file(at.file("ten"), 10).value() == "0123456789");
    REQUIRE(read_file(at.file("ten"), 9).error().code == errc::too_large);
    at.put("big", std::string(200'000, 'x'));
    REQUIRE(read_file(at.file("big"), 1 << 20).value().size() == 200'000);
    REQUIRE(read_file("/dev/zero", 1 << 20).error().code == errc::too_large);
}

TEST_CASE("directories are made with those above, and a file in the way is an error") {
    testing::temporary_directory at;
    REQUIRE(make_directories(at.file("a/b/c"), 0700));
    REQUIRE(is_directory(at.file("a/b/c")));
    REQUIRE(make_directories(at.file("a/b/c/"), 0700));
    at.put("a/file", "");
    REQUIRE_FALSE(make_directories(at.file("a/file"), 0700));
    REQUIRE(remove_all(at.file("a")));
    REQUIRE_FALSE(file_exists(at.file("a")));
    REQUIRE(remove_all(at.file("a")));
}

TEST_CASE("paths are joined clean") {
    REQUIRE(join_path("h", "config/x") == "h/config/x");
    REQUIRE(join_path("./h//", "./x") == "h/x");
    REQUIRE(join_path("h", "/abs") == "/abs");
    REQUIRE(join_path("h", "") == "h");
    REQUIRE(join_path("", "x") == "x");
    REQUIRE(join_path("/", "") == "/");
}
