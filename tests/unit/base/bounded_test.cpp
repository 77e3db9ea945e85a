// SPDX-License-Identifier: Apache-2.0
#include "base/bounded.hpp"

#include "base/random.hpp"

#include <deque>
#include <list>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;

namespace {
hash256 key(std::uint64_t n) {
    hash256 h;
    std::memcpy(h.data.data(), &n, sizeof n);
    return h;
}
}  // namespace

TEST_CASE("a ring takes until it is full, and gives back in order") {
    bounded_ring<int> r(3);
    CHECK(r.empty());
    for (int i = 1; i <= 3; ++i)
        CHECK(r.push(i));
    CHECK(r.full());
    CHECK(!r.push(4));
    CHECK(r.size() == 3);
    CHECK(r.front() == 1);
    CHECK(r.back() == 3);
    CHECK(r.pop() == 1);
    CHECK(r.push(4));
    CHECK(r[0] == 2);
    CHECK(r[2] == 4);
    CHECK(r.push_over(5) == 2);
    CHECK(r[0] == 3);
    r.clear();
    CHECK(r.empty());
    CHECK(!r.push_over(6));
    CHECK(r.pop() == 6);
}

TEST_CASE("a ring refuses without taking, and lets go of what it gave") {
    bounded_ring<std::shared_ptr<int>> r(1);
    auto a = std::make_shared<int>(1), b = std::make_shared<int>(2);
    CHECK(r.push(a));
    CHECK(!r.push(std::move(b)));
    CHECK(b != nullptr);
    CHECK(a.use_count() == 2);
    r.pop();
    CHECK(a.use_count() == 1);
}

TEST_CASE("a ring does what a deque does") {
    seeded_random random(4);
    for (const std::size_t capacity : {1, 2, 7, 8, 9, 100}) {
        bounded_ring<std::uint64_t> r(capacity);
        std::deque<std::uint64_t> model;
        for (int i = 0; i < 5000; ++i) {
            if (random.below(5) < 3) {
                const auto v = random.uint64();
                REQUIRE(r.push(v) == (model.size() < capacity));
                if (model.size() < capacity)
                    model.push_back(v);
            } else if (!model.empty()) {
                REQUIRE(r.pop() == model.front());
                model.pop_front();
            }
            REQUIRE(r.size() == model.size());
            for (std::size_t k = 0; k < model.size(); ++k)
                REQUIRE(r[k] == model[k]);
        }
    }
}

TEST_CASE("a flat map holds its limit, in the order of keys") {
    flat_map<int, std::string> m(3);
    CHECK(m.insert(2, "b").is_new);
    CHECK(m.insert(1, "a").is_new);
    const auto again = m.insert(2, "other");
    CHECK(!again.is_new);
    CHECK(*again.where == "b");
    CHECK(m.insert(3, "c").is_new);
    CHECK(m.full());
    CHECK(m.insert(4, "d").where == nullptr);
    CHECK(*m.insert(1, "x").where == "a");
    std::string order;
    for (const auto& [k, v] : m)
        order += v;
    CHECK(order == "abc");
    CHECK(m.find(4) == nullptr);
    *m.find(3) = "C";
    CHECK(*std::as_const(m).find(3) == "C");
    CHECK(m.erase(1));
    CHECK(!m.erase(1));
    CHECK(m.insert(4, "d").is_new);
    CHECK(m.erase_if([](const auto& e) { return e.first > 2; }) == 2);
    CHECK(m.size() == 1);
    CHECK(m.contains(2));
}

TEST_CASE("a full LRU set forgets the least recently pushed") {
    // mempool/cache_test.go: a known one becomes the most recent
    lru_set s(3);
    CHECK(s.push(key(1)));
    CHECK(s.push(key(2)));
    CHECK(s.push(key(3)));
    CHECK(!s.push(key(1)));
    CHECK(s.push(key(4)));
    CHECK(!s.contains(key(2)));
    CHECK(s.contains(key(1)));
    CHECK(s.size() == 3);
    CHECK(s.remove(key(3)));
    CHECK(!s.remove(key(3)));
    CHECK(s.size() == 2);
    CHECK(s.push(key(5)));
    CHECK(s.contains(key(1)));
    s.clear();
    CHECK(s.size() == 0);
    CHECK(!s.contains(key(1)));
    CHECK(s.push(key(1)));
}

TEST_CASE("an LRU set of capacity zero remembers nothing") {
    lru_set s(0);
    CHECK(s.push(key(1)));
    CHECK(s.push(key(1)));
    CHECK(!s.contains(key(1)));
    CHECK(!s.remove(key(1)));
}

TEST_CASE("an LRU set does what a list does, whatever the seed") {
    seeded_random random(6);
    for (const std::uint64_t seed : {std::uint64_t{0}, random.uint64()}) {
        lru_set s(50, seed);
        std::list<std::uint64_t> model;
        for (int i = 0; i < 20'000; ++i) {
            const auto n = random.below(80);
            const auto at = std::find(model.begin(), model.end(), n);
            if (random.below(4) == 0) {
                REQUIRE(s.remove(key(n)) == (at != model.end()));
                if (at != model.end())
                    model.erase(at);
            } else {
                REQUIRE(s.push(key(n)) == (at == model.end()));
                if (at != model.end())
                    model.erase(at);
                model.push_back(n);
                if (model.size() > 50)
                    model.pop_front();
            }
            REQUIRE(s.size() == model.size());
            const auto probe = random.below(80);
            REQUIRE(s.contains(key(probe)) == (std::find(model.begin(), model.end(), probe) != model.end()));
        }
    }
}

TEST_CASE("a token bucket starts full, refills at its rate and saves no more than its burst") {
    token_bucket b(10, 5);
    instant now{0};
    CHECK(b.available(now) == 5);
    CHECK(b.take(now, 5));
    CHECK(!b.take(now, 1));
    CHECK(b.when(now, 1) == now + 100ms);
    CHECK(!b.take(now + 99999us, 1));
    CHECK(b.take(now + 100ms, 1));
    now = now + 350ms;
    CHECK(b.available(now) == 2);
    CHECK(!b.take(now, 3));
    CHECK(b.available(now) == 2);
    CHECK(b.available(now + 1h) == 5);
    CHECK(b.when(now + 1h, 100) == now + 1h);  // more than the burst counts as the burst
}

TEST_CASE("a token bucket loses no fraction, however often it is asked") {
    token_bucket b(3, 1000);
    CHECK(b.take(instant{0}, 1000));
    instant now{0};
    for (int i = 0; i < 100'000; ++i) {
        now = now + 100us;
        b.available(now);
    }
    CHECK(b.available(now) == 30);
}

TEST_CASE("what is overdrawn delays what follows") {
    token_bucket b(1000, 100);
    b.spend(instant{0}, 600);
    CHECK(b.available(instant{0}) == -500);
    CHECK(b.when(instant{0}, 1) == instant{0} + 501ms);
    CHECK(!b.take(instant{0} + 500ms, 1));
    CHECK(b.take(instant{0} + 501ms, 1));
}

TEST_CASE("a token bucket survives extremes") {
    token_bucket b(INT64_MAX, INT64_MAX);
    CHECK(b.take(instant{0}, INT64_MAX));
    CHECK(b.available(instant::never()) == INT64_MAX);
    b.spend(instant::never(), INT64_MAX);
    b.spend(instant::never(), INT64_MAX);
    b.spend(instant::never(), INT64_MAX);
    CHECK(b.available(instant::never()) < 0);
    token_bucket slow(1, INT64_MAX);
    slow.spend(instant{0}, INT64_MAX);
    CHECK(slow.when(instant{0}, INT64_MAX) == instant::never());
}
