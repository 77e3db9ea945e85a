// SPDX-License-Identifier: Apache-2.0
// What a simulated disk keeps, what a power loss takes from it, and the faults a test may plan.
#include "runtime/sim/disk.hpp"

#include "runtime/file.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <cerrno>
#include <map>
#include <set>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using sim::testing::process;

namespace {

constexpr std::uint32_t fresh = open_flags::read | open_flags::write | open_flags::create;

sim::disk::opened opened(sim::disk& d, std::string_view path, std::uint32_t flags = fresh) {
    sim::disk::opened o;
    REQUIRE(d.open(path, flags, 0600, o) == 0);
    return o;
}
std::string content(const sim::disk& d, std::string_view path) {
    const auto c = d.get_file(path);
    return c ? std::string(text(*c)) : "-";
}
/// Each thing that a power loss may leave, over many seeds.
template <class Setup, class Look>
std::map<std::string, int> left_over(Setup setup, Look look, sim::disk_plan plan = {}) {
    std::map<std::string, int> seen;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        sim::disk d(plan, seed);
        setup(d);
        d.lose_power();
        ++seen[look(d)];
    }
    return seen;
}
std::set<std::string> keys(const std::map<std::string, int>& m) {
    std::set<std::string> out;
    for (const auto& [key, count] : m)
        out.insert(key);
    return out;
}
void sync_root(sim::disk& d) {
    const auto root = opened(d, "/", open_flags::read | open_flags::directory);
    REQUIRE(d.sync(root) == 0);
}

}  // namespace

TEST_CASE("sim disk: power takes sectors that were not synced, each on its own, and no others") {
    const std::string old_sectors = std::string(512, 'a') + std::string(512, 'b') + std::string(512, 'c');
    const auto seen = left_over(
        [&](sim::disk& d) {
            d.put_file("/f", view(old_sectors));
            const auto f = opened(d, "/f");
            REQUIRE(d.write(f, 500, view(std::string(600, 'X'))) == 600);
        },
        [&](sim::disk& d) {
            const std::string c = content(d, "/f");
            REQUIRE(c.size() == old_sectors.size());
            REQUIRE(c.substr(0, 500) == old_sectors.substr(0, 500));
            REQUIRE(c.substr(1100) == old_sectors.substr(1100));
            std::string which;
            for (const auto& [from, to] : {std::pair{500, 512}, {512, 1024}, {1024, 1100}}) {
                const std::string part = c.substr(from, to - from);
                REQUIRE((part == std::string(part.size(), 'X') || part == old_sectors.substr(from, to - from)));
                which += part[0] == 'X' ? '1' : '0';
            }
            return which;
        });
    CHECK(keys(seen) == std::set<std::string>{"000", "001", "010", "011", "100", "101", "110", "111"});
}

TEST_CASE("sim disk: what was synced stays, with its size") {
    const auto seen = left_over(
        [](sim::disk& d) {
            const auto f = opened(d, "/f");
            REQUIRE(d.write(f, 0, view("synced")) == 6);
            REQUIRE(d.sync(f) == 0);
            sync_root(d);
            REQUIRE(d.write(f, 6, view("+tail")) == 5);
        },
        [](sim::disk& d) { return content(d, "/f").substr(0, 6); });
    CHECK(keys(seen) == std::set<std::string>{"synced"});
}

TEST_CASE("sim disk: a size that was not synced is old, new or between, and new bytes may be zeros") {
    const auto seen = left_over(
        [](sim::disk& d) {
            d.put_file("/f", view("0123456789"));
            const auto f = opened(d, "/f");
            REQUIRE(d.write(f, 10, view("abc")) == 3);
        },
        [](sim::disk& d) {
            std::string c = content(d, "/f");
            REQUIRE(c.substr(0, 10) == "0123456789");
            for (char& x : c)
                x = x == 0 ? '.' : x;
            return c.substr(10);
        });
    CHECK(keys(seen) == std::set<std::string>{"", ".", "..", "...", "a", "ab", "abc"});

    const auto cut = left_over(
        [](sim::disk& d) {
            d.put_file("/f", view("0123"));
            REQUIRE(d.truncate(opened(d, "/f"), 2) == 0);
        },
        [](sim::disk& d) { return content(d, "/f"); });
    CHECK(cut.contains("0123"));
    CHECK(cut.contains("01"));
    CHECK(cut.size() <= 5);  // the size came back where the zeroed tail did not: 01.., 01.
}

TEST_CASE("sim disk: where it was planned, an unsynced sector may also be garbage") {
    sim::disk_plan plan;
    plan.torn_sectors_are_garbage = true;
    const auto seen = left_over(
        [](sim::disk& d) {
            d.put_file("/f", view("old"));
            REQUIRE(d.write(opened(d, "/f"), 0, view("new")) == 3);
        },
        [](sim::disk& d) {
            const std::string c = content(d, "/f");
            return c == "old" || c == "new" ? c : "garbage";
        },
        plan);
    CHECK(keys(seen) == std::set<std::string>{"old", "new", "garbage"});
}

TEST_CASE("sim disk: names are lost from the end until their directory is synced") {
    auto names = [](sim::disk& d) { return join(d.list("/d"), " "); };
    const auto seen = left_over(
        [](sim::disk& d) {
            d.make_directories("/d");
            for (const char* name : {"/d/1", "/d/2", "/d/3"})
                REQUIRE(d.sync(opened(d, name)) == 0);  // a file's sync is not its name's
        },
        names);
    CHECK(keys(seen) == std::set<std::string>{"", "1", "1 2", "1 2 3"});

    const auto synced = left_over(
        [](sim::disk& d) {
            d.make_directories("/d");
            opened(d, "/d/1");
            REQUIRE(d.sync(opened(d, "/d", open_flags::directory)) == 0);
            opened(d, "/d/2");
            REQUIRE(d.unlink("/d/1") == 0);
        },
        names);
    CHECK(keys(synced) == std::set<std::string>{"1", "1 2", "2"});
}

TEST_CASE("sim disk: a rename is whole or absent, and needs the content synced before") {
    auto replace = [](bool sync_first) {
        return left_over(
            [sync_first](sim::disk& d) {
                d.put_file("/f", view("old"));
                const auto f = opened(d, "/f.tmp");
                REQUIRE(d.write(f, 0, view("new")) == 3);
                if (sync_first)
                    REQUIRE(d.sync(f) == 0);
                REQUIRE(d.rename("/f.tmp", "/f") == 0);
            },
            [](sim::disk& d) { return content(d, "/f"); });
    };
    CHECK(keys(replace(true)) == std::set<std::string>{"old", "new"});
    const auto careless = keys(replace(false));
    CHECK(careless.contains(""));  // the famous empty file
    CHECK(careless.contains("old"));

    const auto durable = left_over(
        [](sim::disk& d) {
            d.put_file("/f", view("old"));
            const auto f = opened(d, "/f.tmp");
            REQUIRE(d.write(f, 0, view("new")) == 3);
            REQUIRE(d.sync(f) == 0);
            REQUIRE(d.rename("/f.tmp", "/f") == 0);
            sync_root(d);
        },
        [](sim::disk& d) { return content(d, "/f"); });
    CHECK(keys(durable) == std::set<std::string>{"new"});
}

TEST_CASE("sim disk: a failed sync has lost the data for good, though it can still be read and later syncs succeed") {
    const auto seen = left_over(
        [](sim::disk& d) {
            d.put_file("/f", view("old"));
            d.add_fault({op_code::sync, "/f", 0, 1, EIO});
            const auto f = opened(d, "/f");
            REQUIRE(d.write(f, 0, view("new")) == 3);
            REQUIRE(d.sync(f) == -EIO);
            REQUIRE(d.sync(f) == 0);
            REQUIRE(content(d, "/f") == "new");
        },
        [](sim::disk& d) { return content(d, "/f"); });
    CHECK(keys(seen) == std::set<std::string>{"old"});

    const auto rewritten = left_over(
        [](sim::disk& d) {
            d.put_file("/f", view("old"));
            d.add_fault({op_code::sync, "/f", 0, 1, EIO});
            const auto f = opened(d, "/f");
            REQUIRE(d.write(f, 0, view("new")) == 3);
            REQUIRE(d.sync(f) == -EIO);
            REQUIRE(d.write(f, 0, view("new")) == 3);
            REQUIRE(d.sync(f) == 0);
        },
        [](sim::disk& d) { return content(d, "/f"); });
    CHECK(keys(rewritten) == std::set<std::string>{"new"});
}

TEST_CASE("sim disk: a full disk writes what fits, then nothing, and room comes back with an unlink") {
    sim::disk_plan plan;
    plan.capacity = 10;
    sim::disk d(plan, 1);
    auto f = opened(d, "/f");
    CHECK(d.write(f, 0, view("123456")) == 6);
    auto g = opened(d, "/g");
    CHECK(d.write(g, 0, view("abcdef")) == 4);
    CHECK(d.write(g, 4, view("e")) == -ENOSPC);
    CHECK(d.write(g, 0, view("ABCD")) == 4);  // what is there may be overwritten
    CHECK(d.allocate(g, 0, 5) == -ENOSPC);
    CHECK(d.truncate(g, 5) == -ENOSPC);
    CHECK(d.bytes_used() == 10);
    CHECK(d.unlink("/f") == 0);
    CHECK(d.write(g, 4, view("e")) == -ENOSPC);  // still open, still there
    f = {};
    d.put_file("/other", {});  // the name's change is durable: nothing keeps the file
    CHECK(d.write(g, 4, view("e")) == 1);
}

TEST_CASE("sim disk: planned faults hit the operation, path and count they name") {
    sim::disk d({}, 1);
    d.put_file("/a/f", view("content"));
    d.put_file("/b/f", view("content"));
    d.add_fault({op_code::read, "/a", 1, 2, EIO});
    d.add_fault({op_code::open, "/b/f", 0, UINT64_MAX, EACCES});
    const auto f = opened(d, "/a/f");
    bytes into(4);
    CHECK(d.read(f, 0, into) == 4);
    CHECK(d.read(f, 0, into) == -EIO);
    CHECK(d.read(f, 0, into) == -EIO);
    CHECK(d.read(f, 0, into) == 4);
    sim::disk::opened o;
    for (int i = 0; i < 3; ++i)
        CHECK(d.open("/b/f", open_flags::read, 0, o) == -EACCES);
    CHECK(d.open("/b/./f", open_flags::read, 0, o) == -EACCES);  // by any way
    d.clear_faults();
    CHECK(d.open("/b/f", open_flags::read, 0, o) == 0);
}

TEST_CASE("sim disk: damage flips stored bits") {
    sim::disk d({}, 1);
    d.put_file("/f", view("abc"));
    const auto before = d.content_hash();
    CHECK(d.damage("/f", 1, 0x20));
    CHECK(content(d, "/f") == "aBc");
    CHECK(d.content_hash() != before);
    CHECK_FALSE(d.damage("/f", 3, 1));
    CHECK_FALSE(d.damage("/g", 0, 1));
}

// ---- through the runtime's files ----

namespace {

task<result<void>> append_records(file& f, int& synced, int& written) {
    for (;;) {
        const bytes record(100, static_cast<std::uint8_t>('0' + written % 10));
        co_await ok(f.write_at(static_cast<std::uint64_t>(written) * 100, record));
        ++written;
        if (written % 3 == 0) {
            const int had = written;
            co_await ok(f.sync());
            synced = had;
        }
    }
}
task<void> append_until_it_fails(file& f, int& synced, int& written, std::string& how) {
    result<void> r = co_await append_records(f, synced, written);
    how = name(r.error().code);
}
bool holds_records(byte_view content, int count) {
    for (int i = 0; i < count * 100; ++i)
        if (content[static_cast<std::size_t>(i)] != '0' + i / 100 % 10)
            return false;
    return true;
}

}  // namespace

TEST_CASE("sim disk: records whose sync returned survive a power loss at any moment, and written ones the end of a process") {
    int lost = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        sim::world w(seed);
        sim::host& h = w.add_host("a", "10.0.0.1");
        int synced = 0, written = 0;
        std::string how;
        const bool power = seed % 2 == 0;
        {
            process p(h);
            auto f = p.run(file::open("/log", open_flags::write | open_flags::create));
            REQUIRE(f.has_value());
            REQUIRE(p.run(sync_directory("/")).has_value());
            p.tasks.spawn(append_until_it_fails(*f, synced, written, how));
            w.run_for(3ms + std::chrono::microseconds(seed * 997));
            if (power)
                h.power_off();
            else
                h.kill();
            w.run_for(10ms);
            CHECK(how == "i/o");
        }
        const auto left = h.disk().get_file("/log");
        REQUIRE(left.has_value());
        const int promised = power ? synced : written;
        REQUIRE(static_cast<int>(left->size()) >= promised * 100);
        CHECK(holds_records(*left, promised));
        if (power && (left->size() < static_cast<std::size_t>(written) * 100 || !holds_records(*left, written)))
            ++lost;
    }
    CHECK(lost > 5);  // and what was not synced was at times lost
}
