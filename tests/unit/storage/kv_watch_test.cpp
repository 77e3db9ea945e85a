// SPDX-License-Identifier: Apache-2.0
#include "storage/kv_watch.hpp"

#include "storage/memory.hpp"

#include <memory>
#include <string>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;

namespace {

batch change_of(table t, std::string_view key) {
    batch b;
    b.put(t, view(key), view("x"));
    return b;
}

}  // namespace

TEST_CASE("a watch hears of each batch before the store below has it, and after") {
    std::string heard;
    auto disk = std::make_shared<memory_disk>();
    disk->set_plan([&](const memory_disk::call& c) {
        if (c.what == memory_disk::operation::write)
            heard += " write";
        return memory_disk::verdict::proceed;
    });
    auto db = watch_writes(memory_kv::open(disk), [&](const batch& b) {
        const std::string key(text(b.changes().at(0).key));
        heard += " before-" + key;
        return [&heard, key] { heard += " after-" + key; };
    });
    REQUIRE(db->write(change_of(table::states, "a"), durability::synced));
    REQUIRE(db->write(change_of(table::app, "b"), durability::buffered));
    CHECK(heard == " before-a write after-a before-b write after-b");
}

TEST_CASE("a watch is not told that a failed write is done, and may be silent about the end") {
    int done = 0;
    auto disk = std::make_shared<memory_disk>();
    auto db = watch_writes(memory_kv::open(disk), [&](const batch& b) {
        return b.changes().at(0).in == table::app ? std::function<void()>() : [&done] { ++done; };
    });
    REQUIRE(db->write(change_of(table::app, "a"), durability::synced));
    CHECK(done == 0);
    REQUIRE(db->write(change_of(table::states, "a"), durability::synced));
    CHECK(done == 1);
    disk->set_plan([](const memory_disk::call&) { return memory_disk::verdict::fail; });
    CHECK_FALSE(db->write(change_of(table::states, "a"), durability::synced));
    CHECK(done == 1);
}

TEST_CASE("all that is no write passes through a watch") {
    auto db = watch_writes(memory_kv::open(std::make_shared<memory_disk>()),
                           [](const batch&) { return std::function<void()>(); });
    batch b = change_of(table::states, "a");
    b.put(table::states, view("b"), view("y"));
    b.put(table::blocks, view("c"), view("z"));
    REQUIRE(db->write(b, durability::buffered));
    CHECK(text(**db->get(table::states, view("b"))) == "y");
    CHECK(db->contains(table::blocks, view("c")).value());
    const auto any = [](byte_view, byte_view) { return true; };
    CHECK(db->scan(table::states, key_range::all(), direction::forward, 9, any).value() == 2);
    CHECK(db->sync());
}
