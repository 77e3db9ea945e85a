// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame_pool.hpp"

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad::runtime;

TEST_CASE("frames of all sizes are distinct memory, also when they are used again") {
    for (int round = 0; round < 3; ++round) {
        std::vector<std::pair<void*, std::size_t>> frames;
        std::set<void*> distinct;
        for (std::size_t size = 1; size < 3000; size += 7) {
            void* const f = frame_pool::allocate(size);
            std::memset(f, static_cast<int>(size), size);
            frames.emplace_back(f, size);
            distinct.insert(f);
        }
        REQUIRE(distinct.size() == frames.size());
        for (auto [f, size] : frames) {
            const auto* const bytes = static_cast<const unsigned char*>(f);
            REQUIRE(bytes[0] == static_cast<unsigned char>(size));
            REQUIRE(bytes[size - 1] == static_cast<unsigned char>(size));
            frame_pool::release(f, size);
        }
    }
}

TEST_CASE("a frame may be released by another thread than it came from") {
    std::vector<void*> frames;
    for (int i = 0; i < 5000; ++i)  // more than a thread keeps
        frames.push_back(frame_pool::allocate(200));
    std::thread other([&frames] {
        for (void* f : frames)
            frame_pool::release(f, 200);
    });
    other.join();
    void* const f = frame_pool::allocate(200);
    frame_pool::release(f, 200);
}

TEST_CASE("the bytes of frames that are out are counted, more than a list keeps and large ones too") {
    const std::int64_t before = frame_pool::bytes_alive();
    std::vector<void*> frames;
    for (int i = 0; i < 3000; ++i)
        frames.push_back(frame_pool::allocate(200));
    void* const large = frame_pool::allocate(5000);
    CHECK(frame_pool::bytes_alive() - before == 3000 * 256 + 5000);
    for (int round = 0; round < 2; ++round) {
        for (void* f : frames)
            frame_pool::release(f, 200);
        CHECK(frame_pool::bytes_alive() - before == 5000);
        for (void*& f : frames)
            f = frame_pool::allocate(193);
        CHECK(frame_pool::bytes_alive() - before == 3000 * 256 + 5000);
    }
    frame_pool::release(large, 5000);
    for (void* f : frames)
        frame_pool::release(f, 200);
    CHECK(frame_pool::bytes_alive() == before);
}

TEST_CASE("a frame that another thread releases stays counted where it was made, and counts there as one less") {
    const std::int64_t before = frame_pool::bytes_alive();
    std::vector<void*> frames;
    for (int i = 0; i < 2000; ++i)
        frames.push_back(frame_pool::allocate(64));
    std::int64_t there = 0;
    std::thread other([&] {
        for (void* f : frames)
            frame_pool::release(f, 64);
        there = frame_pool::bytes_alive();
    });
    other.join();
    CHECK(there == -2000 * 64);
    CHECK(frame_pool::bytes_alive() - before == 2000 * 64);
}
