// SPDX-License-Identifier: Apache-2.0
#include "runtime/file.hpp"

#include "tests/unit/temporary_directory.hpp"
#include "tests/unit/runtime/support.hpp"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

bytes pattern_of(std::size_t n) {
    bytes b(n);
    for (std::size_t i = 0; i < n; ++i)
        b[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
    return b;
}

task<result<void>> write_then_read(std::string path, bytes content, bytes& back, std::uint64_t& size) {
    file f = co_await ok(file::open(path, open_flags::read | open_flags::write | open_flags::create));
    co_await ok(f.write_at(0, content));
    co_await ok(f.sync());
    back.resize(content.size() + 10);
    std::size_t had = 0;
    while (true) {
        const std::size_t n = co_await ok(f.read_at(had, byte_span(back).subspan(had)));
        if (n == 0)
            break;
        had += n;
    }
    back.resize(had);
    size = co_await ok(f.size());
    co_return {};
}

task<result<void>> shape(std::string path, std::vector<std::uint64_t>& sizes, bytes& tail) {
    file f = co_await ok(file::open(path, open_flags::read | open_flags::write | open_flags::create));
    co_await ok(f.allocate(0, 8192));
    sizes.push_back(co_await ok(f.size()));
    co_await ok(f.write_at(8192, view("tail")));
    sizes.push_back(co_await ok(f.size()));
    co_await ok(f.truncate(8194));
    sizes.push_back(co_await ok(f.size()));
    tail.resize(4);
    const std::size_t n = co_await ok(f.read_at(8190, tail));
    tail.resize(n);
    co_return {};
}

task<result<void>> open_only(std::string path, std::uint32_t flags) {
    file f = co_await ok(file::open(path, flags));
    co_return {};
}

task<result<void>> sequence_of_names(std::string directory) {
    co_await ok(make_directory(directory + "/a"));
    result<void> again = co_await make_directory(directory + "/a");
    if (again || again.error().code != errc::exists)
        co_return fail(errc::invalid, "a second mkdir did not say exists");
    co_await ok(replace_file(directory + "/a/x", to_bytes("one"), 0600));
    co_await ok(rename_file(directory + "/a/x", directory + "/a/y"));
    co_await ok(sync_directory(directory + "/a"));
    result<void> gone = co_await remove_file(directory + "/a/x");
    if (gone || gone.error().code != errc::not_found)
        co_return fail(errc::invalid, "removing a file that was renamed did not say not found");
    co_await ok(remove_file(directory + "/a/y"));
    co_return {};
}

task<result<void>> replace_under(stop_state& stop, std::string path) {
    auto work = replace_file(std::move(path), to_bytes("new"), 0600);
    result<void> r = co_await under(stop, work);
    co_return r;
}

}  // namespace

TEST_CASE("what is written to a file is read back, also in one piece larger than a pipe of the kernel") {
    tetrad::testing::temporary_directory in;
    real_machine m;
    for (std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{5'000'001}}) {
        bytes back;
        std::uint64_t size = 0;
        const bytes content = pattern_of(n);
        const auto r = m.run(write_then_read(in.file(std::to_string(n)), content, back, size));
        REQUIRE(r.has_value());
        REQUIRE(size == n);
        REQUIRE(equal(back, content));
    }
}

TEST_CASE("allocate zeroes and grows, truncate cuts") {
    tetrad::testing::temporary_directory in;
    real_machine m;
    std::vector<std::uint64_t> sizes;
    bytes tail;
    const auto r = m.run(shape(in.file("f"), sizes, tail));
    REQUIRE(r.has_value());
    REQUIRE(sizes == std::vector<std::uint64_t>{8192, 8196, 8194});
    REQUIRE(equal(tail, byte_view(bytes{0, 0, 't', 'a'})));
}

TEST_CASE("errors of files name the path and have a code to decide by") {
    tetrad::testing::temporary_directory in;
    real_machine m;
    const auto missing = m.run(open_only(in.file("missing"), open_flags::read));
    REQUIRE_FALSE(missing.has_value());
    REQUIRE(missing.error().code == errc::not_found);
    REQUIRE(missing.error().text == "open " + (in.file("missing")) + ": No such file or directory");
    std::ofstream(in.file("there")) << "x";
    const auto exists =
        m.run(open_only(in.file("there"), open_flags::write | open_flags::create | open_flags::exclusive));
    REQUIRE_FALSE(exists.has_value());
    REQUIRE(exists.error().code == errc::exists);
    const auto no_directory = m.run(open_only(in.file("there"), open_flags::read | open_flags::directory));
    REQUIRE_FALSE(no_directory.has_value());
    REQUIRE(no_directory.error().code == errc::io);
}

TEST_CASE("read_file reads the whole and refuses what is larger than allowed") {
    tetrad::testing::temporary_directory in;
    real_machine m;
    const bytes content = pattern_of(10'000);
    std::ofstream(in.file("f"), std::ios::binary).write(reinterpret_cast<const char*>(content.data()), 10'000);
    const auto exact = m.run(read_file(in.file("f"), 10'000));
    REQUIRE(exact.has_value());
    REQUIRE(equal(*exact, content));
    const auto over = m.run(read_file(in.file("f"), 9'999));
    REQUIRE_FALSE(over.has_value());
    REQUIRE(over.error().code == errc::too_large);
    const auto of_proc = m.run(read_file("/proc/self/status", 1 << 20));  // says its size is 0
    REQUIRE(of_proc.has_value());
    REQUIRE(text(*of_proc).find("Name:") == 0);
    const auto endless = m.run(read_file("/dev/zero", 100'000));
    REQUIRE_FALSE(endless.has_value());
    REQUIRE(endless.error().code == errc::too_large);
}

TEST_CASE("replace_file puts the new content in place with its mode and leaves nothing else behind") {
    tetrad::testing::temporary_directory in;
    real_machine m;
    std::ofstream(in.file("f")) << "old content, longer than the new";
    const auto r = m.run(replace_file(in.file("f"), to_bytes("new"), 0600));
    REQUIRE(r.has_value());
    const auto back = m.run(read_file(in.file("f"), 100));
    REQUIRE(back.has_value());
    REQUIRE(text(*back) == "new");
    struct stat s {};
    REQUIRE(::stat((in.file("f")).c_str(), &s) == 0);
    REQUIRE((s.st_mode & 0777) == 0600);
    const auto names = m.on.io().list_directory(in.path());
    REQUIRE(names.has_value());
    REQUIRE(*names == std::vector<std::string>{"f"});
}

TEST_CASE("replace_file that fails leaves the old content and no temporary file") {
    tetrad::testing::temporary_directory in;
    real_machine m;
    std::filesystem::create_directory(in.file("f"));  // a directory cannot be replaced by a file
    std::ofstream(in.file("f/inside")) << "x";
    const auto r = m.run(replace_file(in.file("f"), to_bytes("new"), 0600));
    REQUIRE_FALSE(r.has_value());
    const auto names = m.on.io().list_directory(in.path());
    REQUIRE(names.has_value());
    REQUIRE(*names == std::vector<std::string>{"f"});
    const auto nowhere = m.run(replace_file(in.file("no/such/f"), to_bytes("new"), 0600));
    REQUIRE_FALSE(nowhere.has_value());
    REQUIRE(nowhere.error().code == errc::not_found);
}

TEST_CASE("a task that was stopped changes no file") {
    tetrad::testing::temporary_directory in;
    real_machine m;
    std::ofstream(in.file("f")) << "old";
    stop_state stop;
    stop.request();
    const auto r = m.run(replace_under(stop, in.file("f")));
    REQUIRE_FALSE(r.has_value());
    REQUIRE(r.error().code == errc::cancelled);
    const auto back = m.run(read_file(in.file("f"), 100));
    REQUIRE(back.has_value());
    REQUIRE(text(*back) == "old");
}

TEST_CASE("directories are made, listed in order, synced; names are renamed and removed") {
    tetrad::testing::temporary_directory in;
    real_machine m;
    const auto r = m.run(sequence_of_names(in.path()));
    REQUIRE(r.has_value());
    for (const char* name : {"c", "a1", "b"})
        std::ofstream(in.file(name)) << "x";
    const auto names = m.on.io().list_directory(in.path());
    REQUIRE(names.has_value());
    REQUIRE(*names == std::vector<std::string>{"a", "a1", "b", "c"});
    REQUIRE_FALSE(m.on.io().list_directory(in.file("none")).has_value());
}

namespace {

task<result<void>> write_past_the_cache(std::string path, aligned_bytes& content, aligned_bytes& back) {
    file f = co_await ok(
        file::open(path, open_flags::read | open_flags::write | open_flags::create | open_flags::direct));
    co_await ok(f.write_durable_at(0, byte_view(content.data(), content.size())));
    const std::size_t n = co_await ok(f.read_at(0, back));
    if (n != content.size())
        co_return fail(errc::corrupt, "short");
    co_return result<void>{};
}

}  // namespace

TEST_CASE("memory for files past the page cache is aligned, whole blocks, zeros") {
    aligned_bytes m(5000);
    CHECK(m.size() == 8192);
    CHECK(reinterpret_cast<std::uintptr_t>(m.data()) % 4096 == 0);
    CHECK(std::all_of(m.data(), m.data() + m.size(), [](std::uint8_t b) { return b == 0; }));
}

TEST_CASE("a durable write past the page cache is read back") {
    tetrad::testing::temporary_directory dir;
    real_machine m;
    aligned_bytes content(8192), back(8192);
    const bytes some = pattern_of(8192);
    std::copy(some.begin(), some.end(), content.data());
    const auto done = m.run(write_past_the_cache(dir.file("f"), content, back));
    if (!done && done.error().text.find("Invalid argument") != std::string::npos)
        return;  // a file system in memory that knows no O_DIRECT
    REQUIRE(done);
    CHECK(std::equal(some.begin(), some.end(), back.data()));
}
