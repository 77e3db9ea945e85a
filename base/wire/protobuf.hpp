// SPDX-License-Identifier: Apache-2.0
// Protobuf derived from a schema, byte for byte as gogoproto writes it: ascending fields, zero scalars omitted, plain message
// members always present. Encoding is canonical, because hashes and signatures run over it. Decoding accepts every valid
// encoding (any field order, long varints, unknown fields skipped, packed or not), bounds depth, and bounds memory: what the
// decoded elements take may not exceed a multiple of the input, so a small message cannot become a large one.
#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/result.hpp"
#include "base/wire/protobuf_decode.hpp"
#include "base/wire/protobuf_encode.hpp"
#include "base/wire/schema.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::wire {

template <message M>
std::size_t encoded_size(const M& m) {
    return detail::body_size(m);
}

/// Appends the encoding of m.
template <message M>
void encode_to(bytes& out, const M& m) {
    const auto before = out.size(), size = detail::body_size(m);
    out.resize(before + size);
    detail::reverse_writer w(byte_span(out).subspan(before));
    detail::write_body(w, m);
    DCHECK(w.at() == 0);
}

template <message M>
bytes encode(const M& m) {
    bytes out;
    encode_to(out, m);
    return out;
}

/// Appends m with a uvarint of its length in front (libs/protoio).
template <message M>
void encode_delimited_to(bytes& out, const M& m) {
    append_uvarint(out, detail::body_size(m));
    encode_to(out, m);
}

template <message M>
bytes encode_delimited(const M& m) {
    bytes out;
    encode_delimited_to(out, m);
    return out;
}

/// Decodes all of `in` into `m`, which keeps what it had where a field does not occur. The text names the failure only
/// roughly: a caller adds what was being decoded.
template <message M>
result<void> decode_into(byte_view in, M& m, const slice* owner = nullptr) {
    detail::decode_state state{owner, static_cast<std::int64_t>(in.size()) * detail::budget_factor + detail::budget_floor, 0};
    if (!detail::read_body(in, m, state)) [[unlikely]]
        return state.budget < 0 ? fail(errc::too_large, "message has too many elements")
                                : fail(errc::invalid, "malformed protobuf message");
    return {};
}

template <message M>
result<M> decode(byte_view in) {
    M m;
    TRY_VOID(decode_into(in, m));
    return m;
}

/// As decode, but `slice` members share the memory of `in` instead of copying.
template <message M>
result<M> decode_shared(const slice& in) {
    M m;
    TRY_VOID(decode_into(in.view(), m, &in));
    return m;
}

}  // namespace tetrad::wire
