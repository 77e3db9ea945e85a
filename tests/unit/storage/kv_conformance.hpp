// SPDX-License-Identifier: Apache-2.0
// What every key-value implementation must do, as one suite that each runs: `kv_under_test` says how to open one, to close and
// reopen it on the same content, and (where it can) to take away the power.
//
//     TEST_CASE("memory: conforms") { kv_conformance::run_all([] { return std::make_unique<memory_under_test>(); }); }
#pragma once

#include "base/random.hpp"
#include "base/text.hpp"
#include "storage/kv.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace tetrad::storage::kv_conformance {

class kv_under_test {
public:
    virtual ~kv_under_test() = default;
    virtual kv& db() = 0;
    /// Closed as a clean stop does, and opened again.
    virtual void reopen() = 0;
};
using maker = std::function<std::unique_ptr<kv_under_test>()>;
using entries = std::vector<std::pair<std::string, std::string>>;

inline std::optional<std::string> get(kv& db, table t, std::string_view key) {
    auto r = db.get(t, view(key));
    REQUIRE(r.has_value());
    return *r ? std::optional<std::string>(text(**r)) : std::nullopt;
}
inline void put(kv& db, table t, std::string_view key, std::string_view value) {
    batch b;
    b.put(t, view(key), view(value));
    REQUIRE(db.write(b, durability::buffered).has_value());
}
inline entries scan(kv& db, table t, const key_range& r, direction d = direction::forward, std::size_t most = SIZE_MAX) {
    entries seen;
    auto n = db.scan(t, r, d, most, [&](byte_view k, byte_view v) {
        seen.emplace_back(text(k), text(v));
        return true;
    });
    REQUIRE(n.has_value());
    CHECK(*n == seen.size());
    return seen;
}
inline std::string keys(const entries& e) {
    std::vector<std::string> only;
    for (const auto& [key, value] : e)
        only.push_back(key);
    return join(only, " ");
}
inline key_range between(std::string_view first, std::string_view end) { return key_range::between(view(first), view(end)); }

inline void reads_what_was_written(kv_under_test& on) {
    kv& db = on.db();
    CHECK(get(db, table::blocks, "a") == std::nullopt);
    put(db, table::blocks, "a", "1");
    put(db, table::blocks, "b", "");
    CHECK(get(db, table::blocks, "a") == "1");
    CHECK(get(db, table::blocks, "b") == "");  // an empty value is there
    put(db, table::blocks, "a", "2");
    CHECK(get(db, table::blocks, "a") == "2");
    CHECK(db.contains(table::blocks, view("b")).value());
    CHECK_FALSE(db.contains(table::blocks, view("c")).value());
    put(db, table::blocks, "", "the empty key is a key");
    CHECK(get(db, table::blocks, "") == "the empty key is a key");
    CHECK(keys(scan(db, table::blocks, key_range::all())) == " a b");
}

inline void tables_are_apart(kv_under_test& on) {
    kv& db = on.db();
    const table all[] = {table::blocks, table::states, table::index, table::app};
    for (table t : all)
        put(db, t, "key", name(t));
    for (table t : all)
        CHECK(get(db, t, "key") == std::string(name(t)));
    batch b;
    b.erase_range(table::index, key_range::all());
    REQUIRE(db.write(b, durability::buffered).has_value());
    CHECK(get(db, table::index, "key") == std::nullopt);
    CHECK(get(db, table::states, "key") == "states");
}

inline void a_slice_outlives_what_it_was_read_from(kv_under_test& on) {
    const std::string large(3 << 20, 'x');
    put(on.db(), table::blocks, "large", large);
    put(on.db(), table::blocks, "small", "y");
    std::optional<slice> big = on.db().get(table::blocks, view("large")).value();
    std::optional<slice> small = on.db().get(table::blocks, view("small")).value();
    batch b;
    b.erase(table::blocks, view("large"));
    b.put(table::blocks, view("small"), view("z"));
    REQUIRE(on.db().write(b, durability::synced).has_value());
    on.reopen();
    REQUIRE((big && small));
    CHECK(text(*big) == large);
    CHECK(text(*small) == "y");
    CHECK(get(on.db(), table::blocks, "large") == std::nullopt);
    CHECK(get(on.db(), table::blocks, "small") == "z");
}

inline void a_batch_applies_in_order(kv_under_test& on) {
    kv& db = on.db();
    put(db, table::states, "old", "1");
    batch b;
    b.put(table::states, view("k"), view("first"));
    b.put(table::states, view("k"), view("second"));
    b.put(table::states, view("gone"), view("x"));
    b.erase(table::states, view("gone"));
    b.erase(table::states, view("never there"));
    b.erase(table::states, view("old"));
    b.put(table::states, view("old"), view("again"));
    b.put(table::states, view("r1"), view("x"));
    b.put(table::states, view("r2"), view("x"));
    b.erase_range(table::states, between("r", "s"));
    b.put(table::states, view("r2"), view("after the range"));
    REQUIRE(db.write(b, durability::synced).has_value());
    CHECK(get(db, table::states, "k") == "second");
    CHECK(get(db, table::states, "old") == "again");
    CHECK(keys(scan(db, table::states, key_range::all())) == "k old r2");
    REQUIRE(db.write(batch(), durability::synced).has_value());  // an empty one is fine
}

inline void scans_are_in_key_order(kv_under_test& on) {
    kv& db = on.db();
    const std::string high("\xff\xff", 2), nul("a\0b", 3);
    for (std::string_view key : {std::string_view("b"), std::string_view("a"), std::string_view("ab"), std::string_view("c"),
                                 std::string_view(nul), std::string_view(high)})
        put(db, table::index, key, "v");
    const std::string in_order = "a " + nul + " ab b c " + high;
    CHECK(keys(scan(db, table::index, key_range::all())) == in_order);
    CHECK(keys(scan(db, table::index, key_range::all(), direction::reverse)) == high + " c b ab " + nul + " a");
    CHECK(keys(scan(db, table::index, between("ab", "c"))) == "ab b");  // the first is in, the end is not
    CHECK(keys(scan(db, table::index, between("ab", "c"), direction::reverse)) == "b ab");
    CHECK(keys(scan(db, table::index, between("aa", "bb"))) == "ab b");  // bounds need not exist
    CHECK(keys(scan(db, table::index, between("aa", "bb"), direction::reverse)) == "b ab");
    CHECK(keys(scan(db, table::index, between("c", ""))) == "c " + high);
    CHECK(keys(scan(db, table::index, between("c", "a"))).empty());
    CHECK(keys(scan(db, table::index, between("c", "a"), direction::reverse)).empty());
    CHECK(keys(scan(db, table::index, between("d", "e"))).empty());
    CHECK(keys(scan(db, table::index, key_range::prefix(view("a")))) == "a " + nul + " ab");
    CHECK(keys(scan(db, table::index, key_range::prefix(view(high)))) == high);
    CHECK(keys(scan(db, table::index, key_range::prefix(view("a")), direction::reverse)) == "ab " + nul + " a");
}

inline void scans_are_bounded(kv_under_test& on) {
    kv& db = on.db();
    for (char c = 'a'; c <= 'j'; ++c)
        put(db, table::app, std::string(1, c), "v");
    CHECK(keys(scan(db, table::app, key_range::all(), direction::forward, 3)) == "a b c");
    CHECK(keys(scan(db, table::app, key_range::all(), direction::reverse, 3)) == "j i h");
    CHECK(keys(scan(db, table::app, key_range::all(), direction::forward, 0)).empty());
    std::string seen;
    auto n = db.scan(table::app, key_range::all(), direction::forward, SIZE_MAX, [&](byte_view k, byte_view) {
        seen += text(k);
        return seen.size() < 4;
    });
    REQUIRE(n.has_value());
    CHECK(*n == 4);  // the one it stopped at was visited
    CHECK(seen == "abcd");
}

inline void ranges_are_erased(kv_under_test& on) {
    kv& db = on.db();
    for (char c = 'a'; c <= 'f'; ++c)
        put(db, table::blocks, std::string(1, c), "v");
    batch b;
    b.erase_range(table::blocks, between("b", "d"));
    b.erase_range(table::blocks, between("f", "e"));  // empty: it ends before it begins
    REQUIRE(db.write(b, durability::synced).has_value());
    CHECK(keys(scan(db, table::blocks, key_range::all())) == "a d e f");
    CHECK(get(db, table::blocks, "c") == std::nullopt);
    batch rest;
    rest.erase_range(table::blocks, between("e", ""));  // to the last key
    REQUIRE(db.write(rest, durability::synced).has_value());
    CHECK(keys(scan(db, table::blocks, key_range::all())) == "a d");
}

inline void what_is_too_large_is_refused_and_harms_nothing(kv_under_test& on) {
    kv& db = on.db();
    put(db, table::states, "before", "1");
    batch b;
    b.put(table::states, view("before"), view("2"));
    b.put(table::states, bytes(key_size_max + 1, 'k'), view("v"));
    auto refused = db.write(b, durability::synced);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::too_large);
    CHECK(get(db, table::states, "before") == "1");
    batch largest;
    const bytes key(key_size_max, 'k');
    largest.put(table::states, key, view("v"));
    REQUIRE(db.write(largest, durability::synced).has_value());
    CHECK(db.contains(table::states, key).value());
}

inline void content_survives_reopening(kv_under_test& on) {
    put(on.db(), table::blocks, "synced", "1");
    batch b;
    b.put(table::states, view("s"), view("2"));
    REQUIRE(on.db().write(b, durability::synced).has_value());
    put(on.db(), table::app, "buffered", "3");
    REQUIRE(on.db().sync().has_value());
    on.reopen();
    CHECK(get(on.db(), table::blocks, "synced") == "1");
    CHECK(get(on.db(), table::states, "s") == "2");
    CHECK(get(on.db(), table::app, "buffered") == "3");
    put(on.db(), table::app, "buffered", "4");
    on.reopen();
    CHECK(get(on.db(), table::app, "buffered") == "4");
}

/// Thousands of random batches, compared with a plain map after each, and again after reopening.
inline void behaves_as_a_map_does(kv_under_test& on, std::uint64_t seed) {
    INFO("seed " << seed);
    seeded_random random(seed);
    std::map<std::string, std::string> model[tables];
    auto draw_key = [&] { return std::string(random.below(4), static_cast<char>('a' + random.below(3))) + std::to_string(random.below(40)); };
    for (int round = 0; round < 400; ++round) {
        batch b;
        for (auto n = random.below(8); n > 0; --n) {
            const auto t = static_cast<table>(random.below(tables));
            auto& m = model[static_cast<std::size_t>(t)];
            const std::string key = draw_key();
            switch (random.below(8)) {
                case 0: {
                    const std::string other = draw_key();
                    b.erase_range(t, between(key, other));
                    if (key < other)
                        m.erase(m.lower_bound(key), m.lower_bound(other));
                    break;
                }
                case 1:
                case 2:
                    b.erase(t, view(key));
                    m.erase(key);
                    break;
                default: {
                    const std::string value(random.below(200), static_cast<char>('A' + random.below(26)));
                    b.put(t, view(key), view(value));
                    m[key] = value;
                }
            }
        }
        REQUIRE(on.db().write(b, random.below(4) == 0 ? durability::synced : durability::buffered).has_value());
        if (random.below(100) == 0)
            on.reopen();
        const auto t = static_cast<table>(random.below(tables));
        const auto& m = model[static_cast<std::size_t>(t)];
        const std::string from = draw_key(), to = random.below(3) == 0 ? "" : draw_key();
        entries wanted;
        for (auto i = m.lower_bound(from); i != m.end() && (to.empty() || i->first < to); ++i)
            wanted.push_back(*i);
        REQUIRE(scan(on.db(), t, between(from, to)) == wanted);
        const entries backwards(wanted.rbegin(), wanted.rend());
        REQUIRE(scan(on.db(), t, between(from, to), direction::reverse) == backwards);
        const std::string key = draw_key();
        const auto there = m.find(key);
        REQUIRE(get(on.db(), t, key) == (there == m.end() ? std::nullopt : std::optional<std::string>(there->second)));
    }
    on.reopen();
    for (std::size_t t = 0; t < tables; ++t)
        REQUIRE(scan(on.db(), static_cast<table>(t), key_range::all()) == entries(model[t].begin(), model[t].end()));
}

/// Each claim on a store of its own.
inline void run_all(const maker& make) {
    const std::pair<const char*, void (*)(kv_under_test&)> claims[] = {
        {"reads what was written", reads_what_was_written},
        {"tables are apart", tables_are_apart},
        {"a slice outlives what it was read from", a_slice_outlives_what_it_was_read_from},
        {"a batch applies in order", a_batch_applies_in_order},
        {"scans are in key order", scans_are_in_key_order},
        {"scans are bounded", scans_are_bounded},
        {"ranges are erased", ranges_are_erased},
        {"what is too large is refused and harms nothing", what_is_too_large_is_refused_and_harms_nothing},
        {"content survives reopening", content_survives_reopening},
    };
    for (const auto& [claim, check] : claims) {
        INFO(claim);
        auto fresh = make();
        check(*fresh);
    }
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        auto fresh = make();
        behaves_as_a_map_does(*fresh, seed);
    }
}

}  // namespace tetrad::storage::kv_conformance
