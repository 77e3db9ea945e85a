// SPDX-License-Identifier: Apache-2.0
// A disk that is full, and what a file system says to misaligned transfers past the page cache.
#include "runtime/file.hpp"
#include "runtime/group_commit.hpp"
#include "tests/unit/temporary_directory.hpp"
#include "tests/unit/runtime/uring/kernel/child.hpp"

#include <algorithm>

#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

constexpr const char* skipped = "no private mounts here";

/// 256 KiB of memory in place of the directory, seen by this process alone.
bool mount_small_disk(const std::string& at) {
    const int spaces = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
    return ::unshare(spaces) == 0 &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=256k") == 0;
}

bool is_full(const result<void>& r) {
    return !r && r.error().text.find("No space left on device") != std::string::npos;
}

/// What is not as it should be; empty where all is.
task<result<std::string>> fill(std::string directory) {
    const bytes first(40'000, 'a'), more(400'000, 'b');
    const std::string path = directory + "/f";
    file f =
        co_await ok(file::open(path, open_flags::read | open_flags::write | open_flags::create));
    co_await ok(f.write_durable_at(0, first));
    result<void> over = co_await f.write_at(first.size(), more);
    if (!is_full(over))
        co_return std::string("a write found room");
    over = co_await f.write_durable_at(first.size(), more);
    if (!is_full(over))
        co_return std::string("a durable write found room");
    over = co_await f.allocate(0, 1 << 20);
    if (!is_full(over))
        co_return std::string("an allocation found room");
    over = co_await replace_file(directory + "/g", first, 0600);
    if (!is_full(over))
        co_return std::string("a new file found room");
    const bytes back = co_await ok(read_file(path, 1 << 20));
    if (!std::equal(first.begin(), first.end(), back.begin()))
        co_return std::string("what was written before is lost");
    co_await ok(f.truncate(first.size()));
    co_await ok(f.write_durable_at(first.size(), byte_view(more).first(1000)));
    co_return std::string();
}

constexpr std::size_t record_bytes = 3'000;
bytes record_of(int i) { return bytes(record_bytes, static_cast<std::uint8_t>('a' + i % 26)); }

task<result<std::string>> append_until_full(shard& here, std::string path) {
    file f =
        co_await ok(file::open(path, open_flags::read | open_flags::write | open_flags::create));
    group_limits limits;
    limits.waiting_bytes_max = 16 * 1024;
    group_commit log(here, f, 0, limits);
    int durable = 0;
    result<void> appended;
    while (appended && durable < 1000) {
        const bytes record = record_of(durable);
        appended = co_await log.append(record);
        durable += appended.has_value();
    }
    result<void> closed = co_await log.close();
    if (!is_full(appended) || appended.error().code != errc::fatal || closed)
        co_return std::string("the log did not end with the disk");
    const bytes all = co_await ok(read_file(path, 1 << 20));
    for (int i = 0; i < durable; ++i) {
        const bytes wanted = record_of(i);
        const auto at = static_cast<std::size_t>(i) * record_bytes;
        if (at + record_bytes > all.size() ||
            !equal(byte_view(all).subspan(at, record_bytes), wanted))
            co_return std::string("a durable record is lost");
    }
    co_return durable > 10 ? std::string() : std::string("hardly anything fit");
}

template <class F>
void on_a_small_disk(F work) {
    const tetrad::testing::temporary_directory in;
    const std::string says = in_a_child([&]() -> std::string {
        if (!mount_small_disk(in.path()))
            return skipped;
        real_machine m;
        const result<std::string> wrong = m.run(work(m, in.path()));
        if (!wrong)
            return wrong.error().text;
        const auto names = m.on.io().list_directory(in.path());
        if (!names || *names != std::vector<std::string>{"f"})
            return "something is left beside the file";
        return *wrong;
    });
    if (says == skipped)
        WARN("skipped: a full disk wants a mount of its own, which is not permitted here");
    else
        CHECK(says.empty());
}

}  // namespace

TEST_CASE(
    "a full disk is told to who writes, takes nothing that is there, and may be written again") {
    on_a_small_disk([](real_machine&, const std::string& path) { return fill(path); });
}

TEST_CASE("a log on a full disk ends, and all that it said to be durable is there") {
    on_a_small_disk([](real_machine& m, const std::string& path) {
        return append_until_full(m.here, path + "/f");
    });
}

namespace {

/// What was not refused.
task<result<std::string>> misalign(std::string path) {
    file f = co_await ok(file::open(
        path, open_flags::read | open_flags::write | open_flags::create | open_flags::direct));
    aligned_bytes memory(3 * 4096);
    const byte_view all(memory.data(), memory.size());
    const std::string wanted = "write " + path + ": Invalid argument";
    struct {
        std::size_t begin, length;
        std::uint64_t offset;
    } const misaligned[] = {{1, 4096, 0}, {0, 4096, 1}, {0, 100, 0}};
    for (const auto& m : misaligned) {
        result<void> done = co_await f.write_at(m.offset, all.subspan(m.begin, m.length));
        if (done || done.error().text != wanted)
            co_return std::string("a write");
        done = co_await f.write_durable_at(m.offset, all.subspan(m.begin, m.length));
        if (done || done.error().text != wanted)
            co_return std::string("a durable write");
    }
    co_await ok(f.write_durable_at(4096, all.first(4096)));
    const std::uint64_t size = co_await ok(f.size());
    co_return size == 8192 ? std::string() : std::string("something was written");
}

}  // namespace

TEST_CASE(
    "misaligned writes past the page cache are refused with the file's name, and aligned ones go "
    "on") {
    const tetrad::testing::temporary_directory in;
    struct statfs s {};
    REQUIRE(::statfs(in.path().c_str(), &s) == 0);
    if (s.f_type != EXT4_SUPER_MAGIC && s.f_type != XFS_SUPER_MAGIC) {
        WARN("skipped: only ext4 and xfs are known to refuse them");
        return;
    }
    real_machine m;
    const result<std::string> wrong = m.run(misalign(in.file("f")));
    REQUIRE(wrong.has_value());
    CHECK(wrong->empty());
}
