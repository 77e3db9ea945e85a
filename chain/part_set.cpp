// SPDX-License-Identifier: Apache-2.0
#include "chain/part_set.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tetrad::chain {

namespace {

std::size_t parts_of(std::size_t encoded_bytes) {
    return (encoded_bytes + part_bytes_max - 1) / part_bytes_max;
}

byte_view part_view(byte_view encoded, std::size_t index) {
    const auto begin = index * part_bytes_max;
    return encoded.subspan(begin, std::min(part_bytes_max, encoded.size() - begin));
}

}  // namespace

result<void> check_shape(const part& p) {
    if (p.data.size() > part_bytes_max)
        return fail(errc::invalid, "error part size too big");
    if (std::int64_t{p.index} < p.proof.total - 1 && p.data.size() != part_bytes_max)
        return fail(errc::invalid, "error inner part with invalid size");
    if (std::int64_t{p.index} != p.proof.index)
        return fail(errc::invalid, format("invalid part: part index {} != proof index {}", p.index,
                                          p.proof.index));
    if (auto good = crypto::check_shape(p.proof); !good)
        return pass(good, "invalid part: wrong Proof");
    return {};
}

part_set_header part_set_header_of(byte_view encoded) {
    const auto total = parts_of(encoded.size());
    return {static_cast<std::uint32_t>(total),
            crypto::merkle_root(total, [&](std::size_t i) { return part_view(encoded, i); })};
}

part_set part_set::of(slice encoded) {
    const auto total = parts_of(encoded.size());
    CHECK(total <= parts_max);
    std::vector<byte_view> leaves;
    leaves.reserve(total);
    for (std::size_t i = 0; i < total; ++i)
        leaves.push_back(part_view(encoded, i));
    auto all = crypto::prove(leaves);

    part_set out;
    out.header_ = {static_cast<std::uint32_t>(total), all.root};
    out.have_ = bit_array(total);
    out.parts_.reserve(total);
    for (std::size_t i = 0; i < total; ++i) {
        out.parts_.push_back(part{static_cast<std::uint32_t>(i), encoded.share(leaves[i]),
                                  std::move(all.proofs[i])});
        out.have_.set(i);
    }
    out.count_ = total;
    out.bytes_ = static_cast<std::int64_t>(encoded.size());
    out.encoded_ = std::move(encoded);
    return out;
}

result<part_set> part_set::waiting_for(const part_set_header& h) {
    if (h.total > parts_max)
        return fail(errc::too_large,
                    format("part set has too many parts {} (max: {})", h.total, parts_max));
    part_set out;
    out.header_ = h;
    out.parts_.resize(h.total);
    out.have_ = bit_array(h.total);
    return out;
}

const part* part_set::at(std::size_t index) const {
    return index < parts_.size() && parts_[index] ? &*parts_[index] : nullptr;
}

result<bool> part_set::add(part p) {
    if (p.index >= parts_.size())
        return fail(errc::invalid, "error part set unexpected index");
    if (parts_[p.index])
        return false;
    if (p.proof.total != static_cast<std::int64_t>(parts_.size()) ||
        !crypto::verify(p.proof, header_.hash, p.data))
        return fail(errc::invalid, "error part set invalid proof");

    const auto index = p.index;
    have_.set(index);
    ++count_;
    bytes_ += static_cast<std::int64_t>(p.data.size());
    parts_[index] = std::move(p);
    return true;
}

const slice& part_set::encoded() {
    CHECK(is_complete());
    if (encoded_)
        return *encoded_;
    tetrad::bytes joined;
    joined.reserve(static_cast<std::size_t>(bytes_));
    for (const auto& p : parts_)
        append(joined, p->data);
    encoded_ = slice(std::move(joined));
    std::size_t offset = 0;
    for (auto& p : parts_) {
        const auto size = p->data.size();
        p->data = encoded_->sub(offset, size);
        offset += size;
    }
    return *encoded_;
}

}  // namespace tetrad::chain
