// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/transcript.hpp"

#include <bit>
#include <cstring>

#include "base/crypto/box.hpp"

namespace tetrad::crypto {

void keccak_f1600(std::array<std::uint64_t, 25>& a) {
    static constexpr std::uint64_t round_constants[24] = {
        0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
        0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
        0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
    // Rho and pi walk one cycle through all lanes but the first: where each goes, and by how much
    // it turns.
    static constexpr std::uint8_t to[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                            15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};
    static constexpr std::uint8_t turn[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                              27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
    for (const auto constant : round_constants) {
        std::uint64_t c[5];
        for (int x = 0; x < 5; ++x)
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int x = 0; x < 5; ++x) {
            const auto d = c[(x + 4) % 5] ^ std::rotl(c[(x + 1) % 5], 1);
            for (int y = 0; y < 25; y += 5)
                a[x + y] ^= d;
        }
        auto moving = a[1];
        for (int i = 0; i < 24; ++i) {
            const auto next = a[to[i]];
            a[to[i]] = std::rotl(moving, turn[i]);
            moving = next;
        }
        for (int y = 0; y < 25; y += 5) {
            for (int x = 0; x < 5; ++x)
                c[x] = a[y + x];
            for (int x = 0; x < 5; ++x)
                a[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
        }
        a[0] ^= constant;
    }
}

namespace {

enum flag : std::uint8_t { inbound = 1, application = 2, cipher = 4, transport = 8, meta = 16 };
constexpr std::uint8_t rate = 166;  // 200 - 128/4 - 2

// STROBE sees the state as bytes, Keccak as little-endian lanes.
void permute(std::array<std::uint8_t, 200>& state) {
    std::array<std::uint64_t, 25> lanes;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(lanes.data(), state.data(), state.size());
        keccak_f1600(lanes);
        std::memcpy(state.data(), lanes.data(), state.size());
    } else {
        for (std::size_t i = 0; i < 25; ++i) {
            lanes[i] = 0;
            for (std::size_t b = 8; b-- > 0;)
                lanes[i] = lanes[i] << 8 | state[8 * i + b];
        }
        keccak_f1600(lanes);
        for (std::size_t i = 0; i < state.size(); ++i)
            state[i] = static_cast<std::uint8_t>(lanes[i / 8] >> (8 * (i % 8)));
    }
    wipe({reinterpret_cast<std::uint8_t*>(lanes.data()), sizeof lanes});
}

}  // namespace

strobe128::strobe128(std::string_view protocol) {
    static constexpr std::string_view version = "STROBEv1.0.2";
    static constexpr std::uint8_t head[6] = {1, rate + 2, 1, 0, 1, 12 * 8};
    std::memcpy(state_.data(), head, sizeof head);
    std::memcpy(state_.data() + sizeof head, version.data(), version.size());
    permute(state_);
    meta_ad(view(protocol), false);
}

strobe128::~strobe128() { wipe(state_); }

void strobe128::meta_ad(byte_view b, bool more) {
    begin(meta | application, more);
    absorb(b);
}

void strobe128::ad(byte_view b, bool more) {
    begin(application, more);
    absorb(b);
}

void strobe128::prf(byte_span out, bool more) {
    begin(inbound | application | cipher, more);
    for (auto& byte : out) {
        byte = state_[at_];
        state_[at_] = 0;
        if (++at_ == rate)
            run_f();
    }
}

void strobe128::begin(std::uint8_t flags, bool more) {
    if (more) {
        CHECK(flags == flags_);
        return;
    }
    flags_ = flags;
    const std::uint8_t header[2] = {begin_, flags};
    begin_ = static_cast<std::uint8_t>(at_ + 1);
    absorb(header);
    if ((flags & cipher) && at_ != 0)
        run_f();
}

void strobe128::absorb(byte_view b) {
    for (const auto byte : b) {
        state_[at_] ^= byte;
        if (++at_ == rate)
            run_f();
    }
}

void strobe128::run_f() {
    state_[at_] ^= begin_;
    state_[at_ + 1] ^= 0x04;
    state_[rate + 1] ^= 0x80;
    permute(state_);
    at_ = 0;
    begin_ = 0;
}

namespace {

std::array<std::uint8_t, 4> little32(std::size_t n) {
    CHECK(n <= UINT32_MAX);
    return {static_cast<std::uint8_t>(n), static_cast<std::uint8_t>(n >> 8),
            static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 24)};
}

}  // namespace

transcript::transcript(std::string_view label) : strobe_("Merlin v1.0") {
    append("dom-sep", view(label));
}

void transcript::append(std::string_view label, byte_view message) {
    strobe_.meta_ad(view(label), false);
    strobe_.meta_ad(little32(message.size()), true);
    strobe_.ad(message, false);
}

void transcript::extract(std::string_view label, byte_span out) {
    strobe_.meta_ad(view(label), false);
    strobe_.meta_ad(little32(out.size()), true);
    strobe_.prf(out, false);
}

}  // namespace tetrad::crypto
