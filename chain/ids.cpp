// SPDX-License-Identifier: Apache-2.0
#include "chain/ids.hpp"

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/text.hpp"

namespace tetrad::chain {

result<void> check_hash(byte_view h) {
    if (!h.empty() && h.size() != hash_size)
        return fail(errc::invalid,
                    format("expected size to be {} bytes, got {} bytes", hash_size, h.size()));
    return {};
}

result<void> check_shape(const part_set_header& p) {
    if (auto good = check_hash(p.hash); !good)
        return pass(good, "wrong Hash");
    return {};
}

std::string to_string(const part_set_header& p) {
    return format("{}:{}", p.total, fingerprint(p.hash));
}

block_id::key_type block_id::key() const {
    bytes joined = to_bytes(hash);
    wire::encode_to(joined, parts);
    return key_type(byte_view(joined));
}

result<void> check_shape(const block_id& id) {
    if (!check_hash(id.hash))
        return fail(errc::invalid, "wrong Hash");
    if (auto good = check_shape(id.parts); !good)
        return pass(good, "wrong PartSetHeader");
    return {};
}

std::string to_string(const block_id& id) {
    return to_hex_upper(id.hash) + ":" + to_string(id.parts);
}

}  // namespace tetrad::chain
