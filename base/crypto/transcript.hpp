// SPDX-License-Identifier: Apache-2.0
// The Merlin transcript of the secret connection's handshake: what both sides said goes in, a
// challenge that depends on all of it comes out. Merlin v1.0 over STROBE-128 (v1.0.2) over
// Keccak-f[1600]; of STROBE only the three operations Merlin uses. Plain values: a copy forks the
// transcript. What went in may be secret: the state is wiped when it dies.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tetrad::crypto {

/// The permutation, over 25 lanes of 64 bits.
void keccak_f1600(std::array<std::uint64_t, 25>& lanes);

class strobe128 {
public:
    explicit strobe128(std::string_view protocol);
    strobe128(const strobe128&) = default;
    strobe128& operator=(const strobe128&) = default;
    ~strobe128();
    /// Absorbs what both sides know about the data that follows. `more` goes on with the operation
    /// before.
    void meta_ad(byte_view, bool more);
    /// Absorbs data.
    void ad(byte_view, bool more);
    /// Squeezes into all of `out`.
    void prf(byte_span out, bool more);

private:
    void begin(std::uint8_t flags, bool more);
    void absorb(byte_view);
    void run_f();

    std::array<std::uint8_t, 200> state_{};
    std::uint8_t at_ = 0;
    std::uint8_t begin_ = 0;
    std::uint8_t flags_ = 0;
};

class transcript {
public:
    explicit transcript(std::string_view label);
    void append(std::string_view label, byte_view message);
    /// Fills all of `out`; what is extracted later depends on it.
    void extract(std::string_view label, byte_span out);

private:
    strobe128 strobe_;
};

}  // namespace tetrad::crypto
