// SPDX-License-Identifier: Apache-2.0
#include "storage/rocks.hpp"

#include "tests/unit/storage/kv_conformance.hpp"
#include "tests/unit/temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;

namespace {

class rocks_under_test final : public kv_conformance::kv_under_test {
public:
    rocks_under_test() { open(); }
    kv& db() override { return *db_; }
    void reopen() override {
        db_.reset();
        open();
    }
    std::string path() const { return directory_.file("store"); }

private:
    void open() {
        auto opened = open_rocks(path());
        REQUIRE(opened.has_value());
        db_ = std::move(*opened);
    }
    tetrad::testing::temporary_directory directory_;  // goes after the store
    std::unique_ptr<kv> db_;
};

}  // namespace

TEST_CASE("rocks: conforms to the key-value interface") {
    kv_conformance::run_all([] { return std::make_unique<rocks_under_test>(); });
}

TEST_CASE("rocks: a store in use is refused with a line that says so") {
    rocks_under_test first;
    auto second = open_rocks(first.path());
    REQUIRE(!second.has_value());
    CHECK(second.error().code == errc::exists);
    CHECK(second.error().text.find("in use by another process") != std::string::npos);
}

TEST_CASE("rocks: scanning an empty table from its first key finds nothing") {
    rocks_under_test store;
    auto visited = store.db().scan(table::app, key_range::all(), direction::forward, SIZE_MAX, [](byte_view, byte_view) { return true; });
    REQUIRE(visited.has_value());
    CHECK(*visited == 0);
}
