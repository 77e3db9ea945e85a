// SPDX-License-Identifier: Apache-2.0
// Crash points: how they are written, and that the process dies exactly there, in a child of its own.
#include "storage/crash_points.hpp"

#include "storage/memory.hpp"

#include <csignal>
#include <memory>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;

namespace {

batch change_of(table t, std::string_view key) {
    batch b;
    b.put(t, view(key), view("x"));
    return b;
}

/// Writes to `states`, `app` and both, thrice each, and tells the parent of each write that reached the store below and of each
/// that returned. What the parent has read when the child is dead.
std::string life_of(crash_point at) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const auto say = [&](char c) { (void)!::write(ends[1], &c, 1); };
        auto disk = std::make_shared<memory_disk>();
        disk->set_plan([&](const memory_disk::call& c) {
            if (c.what == memory_disk::operation::write)
                say('w');
            return memory_disk::verdict::proceed;
        });
        auto db = with_crash_point(memory_kv::open(disk), at);
        for (int i = 0; i < 3; ++i)
            for (const table t : {table::states, table::app}) {
                (void)db->write(change_of(t, "k"), durability::synced);
                say(t == table::states ? 's' : 'a');
            }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string seen;
    char buffer[64];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        seen.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return seen + (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? " killed" : " ended");
}

}  // namespace

TEST_CASE("crash points: table, side and count") {
    const struct {
        const char* text;
        table in;
        bool after;
        std::uint64_t count;
    } good[] = {
        {"states.before:5", table::states, false, 5},
        {"app.after:2", table::app, true, 2},
        {"blocks.before:1", table::blocks, false, 1},
        {"index.after:18446744073709551615", table::index, true, UINT64_MAX},
    };
    for (const auto& c : good) {
        const auto p = parse_crash_point(c.text);
        INFO(c.text);
        REQUIRE(p);
        CHECK(p->in == c.in);
        CHECK(p->after == c.after);
        CHECK(p->count == c.count);
    }
    for (const char* bad :
         {"", "states", "states.before", "states:1", "states.before:", "states.before:0",
          "states.before:-1", "states.before:x", "states.before:1 ", "nothing.before:1",
          ".before:1", "states.:1", "states.during:1", "states:1.before", "States.before:1",
          "states.before:18446744073709551616"}) {
        const auto p = parse_crash_point(bad);
        INFO(bad);
        REQUIRE_FALSE(p);
        CHECK(p.error() ==
              error(errc::invalid, "TETRAD_CRASH_POINT: \"" + std::string(bad) +
                                       "\" is not table.before:count or table.after:count"));
    }
}

TEST_CASE(
    "crash points: the process dies right before or right after the counted write of its table") {
    CHECK(life_of({table::states, false, 1}) == " killed");
    CHECK(life_of({table::states, true, 1}) == "w killed");
    CHECK(life_of({table::states, false, 2}) == "wswa killed");
    CHECK(life_of({table::app, false, 1}) == "ws killed");
    CHECK(life_of({table::app, true, 3}) == "wswawswawsw killed");
    CHECK(life_of({table::app, true, 4}) == "wswawswawswa ended");
    CHECK(life_of({table::index, false, 1}) == "wswawswawswa ended");
}

TEST_CASE("crash points: a batch over several tables counts once, and all else passes through") {
    auto db = with_crash_point(memory_kv::open(std::make_shared<memory_disk>()),
                               {table::states, false, 3});
    for (int i = 0; i < 2; ++i) {
        batch b = change_of(table::states, "a");
        b.put(table::states, view("b"), view("y"));
        b.put(table::blocks, view("c"), view("z"));
        REQUIRE(db->write(b, durability::buffered));
    }
    CHECK(text(**db->get(table::states, view("b"))) == "y");
    CHECK(db->contains(table::blocks, view("c")).value());
    CHECK(
        db->scan(table::states, key_range::all(), direction::forward, 9, [](byte_view, byte_view) {
              return true;
          }).value() == 2);
    CHECK(db->sync());
}
