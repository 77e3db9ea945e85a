// SPDX-License-Identifier: Apache-2.0
// A block in 64 KiB parts, each with the proof that it belongs, so that it can be fetched from many peers at once. Either all
// parts at once as slices of an encoded block, or filled part by part as they arrive; only parts that prove their place are
// kept. One owner at a time; the slices may be shared.
#pragma once

#include <optional>
#include <vector>

#include "base/bit_array.hpp"
#include "base/bytes.hpp"
#include "base/crypto/merkle.hpp"
#include "base/result.hpp"
#include "chain/codec.hpp"
#include "chain/ids.hpp"

namespace tetrad::chain {

/// tendermint.types.Part.
struct part {
    std::uint32_t index = 0;
    slice data;
    crypto::merkle_proof proof;

    static constexpr auto schema =
        fields(field<1>("index", &part::index), field<2>("bytes", &part::data, wire::hex),
               field<3>("proof", &part::proof));
    bool operator==(const part&) const = default;
};

/// Checks that need nothing but the part itself: at most 64 KiB, and exactly that for all but the last; its index is the
/// proof's (Part.ValidateBasic).
result<void> check_shape(const part&);

/// The header alone, without keeping parts or proofs: what a block's id needs.
part_set_header part_set_header_of(byte_view encoded_block);

class part_set {
public:
    /// All parts of an encoded block, as slices of it. At most parts_max parts (a block within its limits).
    static part_set of(slice encoded_block);
    /// To be filled. Fails where the total is over parts_max: memory is set aside for it.
    static result<part_set> waiting_for(const part_set_header&);

    const part_set_header& header() const { return header_; }
    std::size_t total() const { return parts_.size(); }
    std::size_t count() const { return count_; }
    std::int64_t bytes() const { return bytes_; }
    bool is_complete() const { return count_ == parts_.size(); }
    /// Which parts are here.
    const bit_array& have() const { return have_; }
    /// nullptr where it is not here (or there is no such part).
    const part* at(std::size_t index) const;

    /// True: added; false: it was here already. Fails on an index beyond the total and on a proof that does not hold. The part
    /// is well-formed (check_shape).
    result<bool> add(part);

    /// The encoded block; the set is complete. Joins the parts on first use and lets them share what was joined, so that the
    /// buffers they came in are free.
    const slice& encoded();

private:
    part_set_header header_;
    std::vector<std::optional<part>> parts_;
    bit_array have_;
    std::size_t count_ = 0;
    std::int64_t bytes_ = 0;
    std::optional<slice> encoded_;
};

}  // namespace tetrad::chain

TETRAD_CODEC(extern, tetrad::chain::part);
