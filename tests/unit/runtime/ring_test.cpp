// SPDX-License-Identifier: Apache-2.0
// The ring between two shards, and its protocol of sleep and wake, on two real threads. Also run under the thread sanitizer.
#include "runtime/ring.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad::runtime;

namespace {

struct numbered : letter {
    std::uint64_t number = 0;  // plain on purpose: the ring orders it
};

}  // namespace

TEST_CASE("a ring holds its depth rounded up to a power of two, in order, around its end") {
    std::vector<numbered> letters(20);
    ring r(5);
    REQUIRE(r.empty());
    REQUIRE(r.pop() == nullptr);
    std::size_t in = 0, out = 0;
    for (int lap = 0; lap < 100; ++lap) {
        std::size_t pushed = 0;
        while (r.push(&letters[in % letters.size()])) {
            ++in;
            ++pushed;
        }
        REQUIRE(in - out == 8);
        REQUIRE((lap == 0 || pushed == 3));
        for (int i = 0; i < 3; ++i, ++out)
            REQUIRE(r.pop() == &letters[out % letters.size()]);
    }
    REQUIRE_FALSE(r.empty());
}

TEST_CASE("a letter that nobody takes is dropped with the ring, where it owns itself") {
    static int dropped;
    dropped = 0;
    letter owned, borrowed;
    owned.drop = [](letter&) { ++dropped; };
    {
        ring r(4);
        r.push(&owned);
        r.push(&borrowed);
        r.push(&owned);
        r.pop();
    }
    REQUIRE(dropped == 1);
}

TEST_CASE(
    "a parcel brings its small value to whom it names, beside letters that say themselves who "
    "takes them") {
    struct pair {
        std::uint32_t a;
        std::uint64_t b;
    };
    static std::vector<std::uint64_t> taken;
    taken.clear();
    letter plain, carrier;
    plain.deliver = [](letter&) { taken.push_back(0); };
    ring r(4);
    parcel p{&carrier,
             [](parcel& came) {
                 const auto v = came.get<pair>();
                 taken.push_back(v.a + v.b + *static_cast<std::uint64_t*>(came.to));
             },
             nullptr,
             {}};
    std::uint64_t hundred = 100;
    p.to = &hundred;
    p.put(pair{3, 40});
    REQUIRE(r.push(p));
    REQUIRE(r.push(&plain));
    REQUIRE(r.depth() == 2);
    REQUIRE(r.poll());
    REQUIRE(taken == std::vector<std::uint64_t>{143, 0});
    REQUIRE_FALSE(r.poll());
}

TEST_CASE(
    "a million and a half of letters cross two threads in order, each with what was written to "
    "it") {
    constexpr std::uint64_t count = 1'500'000;
    std::vector<numbered> letters(4000);
    ring there(4096), back(4096);
    std::thread consumer([&] {
        std::uint64_t expected = 0, wrong = 0;
        while (expected < count) {
            letter* const l = there.pop();
            if (!l) {
                std::this_thread::yield();
                continue;
            }
            auto& n = static_cast<numbered&>(*l);
            wrong += n.number != expected++;
            n.number = wrong;  // goes home with its letter
            while (!back.push(l))
                std::this_thread::yield();
        }
    });
    std::vector<numbered*> at_home;
    for (auto& l : letters)
        at_home.push_back(&l);
    std::uint64_t sent = 0, returned = 0, wrong = 0;
    while (returned < count) {
        while (sent < count && !at_home.empty()) {
            at_home.back()->number = sent;
            if (!there.push(at_home.back()))
                break;
            at_home.pop_back();
            ++sent;
        }
        bool idle = true;
        while (letter* const l = back.pop()) {
            auto& n = static_cast<numbered&>(*l);
            wrong += n.number;
            at_home.push_back(&n);
            ++returned;
            idle = false;
        }
        if (idle)
            std::this_thread::yield();
    }
    consumer.join();
    REQUIRE(wrong == 0);
    REQUIRE(there.empty());
    REQUIRE(back.empty());
}

// The producer sends in bursts and flushes after each; the consumer blocks in the kernel whenever it finds nothing. A lost wake-up
// shows as a wait that never ends, which the limit of the poll turns into a failure.
TEST_CASE("a sleeping consumer is woken for every burst, and an awake one is not") {
    constexpr std::uint64_t count = 1'000'000;
    letter l;
    ring r(1024);
    const int bell = ::eventfd(0, EFD_CLOEXEC);
    REQUIRE(bell >= 0);
    std::atomic<std::uint64_t> received{0};
    std::uint64_t sleeps = 0;
    bool lost = false;
    std::thread consumer([&] {
        std::uint64_t n = 0;
        while (n < count) {
            if (r.pop()) {
                ++n;
                continue;
            }
            received.store(n, std::memory_order_release);
            r.bell().set();
            if (r.empty()) {
                ++sleeps;
                pollfd p{bell, POLLIN, 0};
                if (::poll(&p, 1, 20'000) != 1) {
                    lost = true;
                    break;
                }
                std::uint64_t rung = 0;
                if (::read(bell, &rung, sizeof rung) != sizeof rung)
                    break;
            }
            r.bell().clear();
        }
        received.store(count, std::memory_order_release);
    });
    std::uint64_t sent = 0, wakes = 0, burst = 1;
    while (sent < count) {
        for (std::uint64_t i = 0; i < burst && sent < count && r.push(&l); ++i)
            ++sent;
        burst = burst % 97 + 1;
        if (r.bell().take()) {
            ++wakes;
            const std::uint64_t once = 1;
            if (::write(bell, &once, sizeof once) != sizeof once)
                break;
        }
        if (burst % 8 == 0)  // let it run dry, so that it sleeps again and again
            while (received.load(std::memory_order_acquire) <
                   sent - std::min<std::uint64_t>(sent, 64))
                std::this_thread::yield();
    }
    consumer.join();
    ::close(bell);
    REQUIRE_FALSE(lost);
    REQUIRE(sent == count);
    REQUIRE(wakes > 0);
    // A wake may come for a sleep that ended before it began (set_waiting, then a letter was seen), never more often than asked.
    INFO("sleeps " << sleeps << ", wakes " << wakes);
    REQUIRE(wakes < count / 4);
}
