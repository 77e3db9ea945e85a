// SPDX-License-Identifier: Apache-2.0
// The layout of the stores: which key holds what. Heights are big-endian, so that keys are in the order of heights.
//
//   table   key                                        value
//   blocks  'B' height                                 the block, as encoded
//           'M' height                                 block_meta
//           'C' height                                 canonical commit of that height (from the next block)
//           'S' height                                 commit as seen, of the latest seen_commits_kept heights
//           'E' height                                 extended commit, where vote extensions are enabled
//           'H' block hash                             height
//           'R'                                        store_range
//   states  'T'                                        state
//           'V' height                                 validators_info: the set, or since when it is what it was
//           'P' height                                 params_info: the same of the parameters
//           'A' height                                 abci.ResponseFinalizeBlock
//           'L'                                        height, then the last abci.ResponseFinalizeBlock
//           'G'                                        the genesis document
//           'E' height evidence hash                   evidence that waits for a block
//           'D' height evidence hash                   nothing: this evidence is in a block
//   index   'T' tx hash                                abci.TxResult
//           'E' key value height index event           tx hash (and a long value)
//           'B' key value height event                 nothing (or a long value)
//   app     the application's own
//
// Key and value of an event are escaped so that the order stays: 00 becomes 00 ff, and 00 01 ends it. Of a text longer than
// text_bytes_max (an application may emit anything) only so much stands there, ended by 00 02 and the SHA-256 of all of it; the row
// then has the whole value behind the tx hash.
#pragma once

#include <algorithm>

#include "base/bytes.hpp"
#include "base/crypto/hash.hpp"
#include "base/strong.hpp"

namespace tetrad::storage::keys {

inline void append_big64(bytes& to, std::uint64_t v) {
    for (int shift = 56; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::uint8_t>(v >> shift));
}
inline void append_big32(bytes& to, std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::uint8_t>(v >> shift));
}
inline std::uint64_t read_big64(byte_view b) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < 8 && i < b.size(); ++i)
        v = v << 8 | b[i];
    return v;
}
constexpr std::size_t text_bytes_max = 512;

inline void append_escaped(bytes& to, byte_view text) {
    for (const auto c : text.first(std::min(text.size(), text_bytes_max))) {
        to.push_back(c);
        if (c == 0)
            to.push_back(0xff);
    }
    to.push_back(0);
    to.push_back(text.size() > text_bytes_max ? 2 : 1);
    if (text.size() > text_bytes_max)
        append(to, crypto::sha256(text));
}

inline bytes of(char kind) { return {static_cast<std::uint8_t>(kind)}; }
inline bytes of(char kind, height_t h) {
    bytes key = of(kind);
    append_big64(key, static_cast<std::uint64_t>(h.v));
    return key;
}
inline bytes of(char kind, byte_view hash) {
    bytes key = of(kind);
    append(key, hash);
    return key;
}
inline bytes big64(height_t h) {
    bytes v;
    append_big64(v, static_cast<std::uint64_t>(h.v));
    return v;
}

}  // namespace tetrad::storage::keys
