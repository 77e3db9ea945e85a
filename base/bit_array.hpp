// SPDX-License-Identifier: Apache-2.0
// Which votes or block parts somebody has (libs/bits of CometBFT, tendermint.libs.bits.BitArray). A plain value. One of a peer
// is checked by check() before it is used; every function is safe on one that was not. No bits and CometBFT's nil are the same.
// Bits past the size may be set in one that came from a peer: they are kept on the wire and never counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/wire/json_text.hpp"
#include "base/wire/schema.hpp"

namespace tetrad {

struct bit_array {
    std::int64_t bits = 0;
    std::vector<std::uint64_t> elems;

    static constexpr std::size_t elems_max = 1024;  // of one that is decoded: 65536 bits, several times any use

    static constexpr auto schema = wire::fields(wire::field<1>("bits", &bit_array::bits),
                                                wire::field<2>("elems", &bit_array::elems, wire::plain, elems_max));

    bit_array() = default;
    explicit bit_array(std::size_t size);

    /// "mismatch between specified number of bits ..." where elems has not one word for each 64 bits begun.
    result<void> check() const;

    std::size_t size() const { return bits > 0 ? static_cast<std::size_t>(bits) : 0; }
    bool get(std::size_t index) const;
    /// False, and nothing changed, where the index is not within the size.
    bool set(std::size_t index, bool value = true);
    std::size_t count() const;
    bool is_empty() const;  // no bit set
    bool is_full() const;   // all set; true of one without bits
    /// The first set bit at or after `from`.
    std::optional<std::size_t> next_set(std::size_t from) const;
    /// One of the set bits, each equally likely.
    std::optional<std::size_t> pick(random_source&) const;
    /// Takes over the other's words as far as both reach.
    void update(const bit_array&);

    bool operator==(const bit_array&) const = default;

private:
    std::uint64_t word(std::size_t index) const;  // without the bits past the size
};

/// As long as the longer one.
bit_array operator|(const bit_array&, const bit_array&);
/// As long as the shorter one.
bit_array operator&(const bit_array&, const bit_array&);
/// a and not b, as long as a. Nothing where either is without bits, also where only b is (BitArray.Sub).
bit_array operator-(const bit_array& a, const bit_array& b);
bit_array operator~(const bit_array&);

/// "x" and "_" for each bit.
std::string bits_text(const bit_array&);
/// BA{4:x_xx}, or nil-BitArray.
std::string to_string(const bit_array&);
/// BA{4:x_xx} 3/4 = 0.75, as a vote set shows its voting power.
std::string to_string(const bit_array&, std::int64_t part, std::int64_t total);

/// A string of "x" and "_"; null where there are no bits.
void write_json(json::writer&, const bit_array&);
result<void> read_json(const json::value&, bit_array&);

}  // namespace tetrad
