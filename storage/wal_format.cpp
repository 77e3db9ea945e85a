// SPDX-License-Identifier: Apache-2.0
#include "storage/wal_format.hpp"

#include "base/check.hpp"

#include <boost/crc.hpp>

namespace tetrad::storage {

namespace {

void append_big32(bytes& to, std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::uint8_t>(v >> shift));
}

std::uint32_t big32(byte_view from) {
    return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 |
           std::uint32_t{from[2]} << 8 | from[3];
}

}  // namespace

std::uint32_t crc32c(byte_view data) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(data.data(), data.size());
    return crc.checksum();
}

void append_wal_record(bytes& to, byte_view payload) {
    CHECK(!payload.empty() && payload.size() <= wal_payload_max);
    append_big32(to, crc32c(payload));
    append_big32(to, static_cast<std::uint32_t>(payload.size()));
    append(to, payload);
}

wal_record next_wal_record(byte_view rest) {
    if (rest.empty())
        return {wal_found::nothing, {}, 0};
    if (rest.size() < wal_header_size)
        return {wal_found::torn, {}, 0};
    const std::size_t length = big32(rest.subspan(4));
    if (length == 0 || length > wal_payload_max)
        return {wal_found::damaged, {}, 0};
    if (rest.size() - wal_header_size < length)
        return {wal_found::torn, {}, 0};
    const byte_view payload = rest.subspan(wal_header_size, length);
    if (crc32c(payload) != big32(rest))
        return {wal_found::damaged, {}, 0};
    return {wal_found::record, payload, wal_header_size + length};
}

}  // namespace tetrad::storage
