// SPDX-License-Identifier: Apache-2.0
// Randomness. Everything random in the node comes through a `random_source`, which the backend of a shard owns: the real one
// reads the kernel's generator, the simulator's is `seeded_random`, so that one seed repeats a run. One source belongs to one
// shard. seeded_random is predictable and never makes keys.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace tetrad {

class random_source {
public:
    virtual ~random_source() = default;

    virtual void fill(byte_span out) = 0;

    virtual std::uint64_t uint64() {
        std::array<std::uint8_t, 8> raw;
        fill(raw);
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i)
            value |= static_cast<std::uint64_t>(raw[i]) << (8 * i);
        return value;
    }

    /// Uniform in [0, n); n > 0. Numbers from the incomplete last interval are drawn again, so nothing is favoured.
    std::uint64_t below(std::uint64_t n) {
        CHECK(n > 0);
        const std::uint64_t unfair = (0 - n) % n;  // 2^64 mod n
        for (;;)
            if (const auto drawn = uint64(); drawn >= unfair)
                return drawn % n;
    }

    /// Every order is equally likely (Fisher-Yates). For a vector, span or array.
    template <class Sequence>
    void shuffle(Sequence&& items) {
        for (std::size_t left = std::size(items); left > 1; --left) {
            using std::swap;
            swap(items[left - 1], items[below(left)]);
        }
    }
};

/// xoshiro256** seeded by splitmix64: tests and the simulator.
class seeded_random final : public random_source {
public:
    explicit seeded_random(std::uint64_t seed) {
        for (auto& word : state_) {
            seed += 0x9e3779b97f4a7c15;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            word = z ^ (z >> 31);
        }
    }

    std::uint64_t uint64() override {
        const std::uint64_t out = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return out;
    }

    void fill(byte_span out) override {
        while (!out.empty()) {
            auto word = uint64();
            for (std::size_t n = std::min<std::size_t>(8, out.size()); n > 0; --n, word >>= 8) {
                out.front() = static_cast<std::uint8_t>(word);
                out = out.subspan(1);
            }
        }
    }

private:
    std::array<std::uint64_t, 4> state_;
};

}  // namespace tetrad
