// SPDX-License-Identifier: Apache-2.0
// The record of a write-ahead log file, as CometBFT's consensus WAL has it: CRC-32C of the payload and its length, both big endian,
// then the payload. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace tetrad::storage {

constexpr std::size_t wal_header_size = 8;
/// The largest consensus message, and its envelope.
constexpr std::size_t wal_payload_max = 1048576 + 24;

/// Castagnoli's polynomial, reflected, as iSCSI and RocksDB use it.
std::uint32_t crc32c(byte_view);

/// The payload is within the maximum, and not empty: zeros, which a loss of power leaves where a file had grown, would be empty records
/// with a checksum that holds.
void append_wal_record(bytes& to, byte_view payload);

enum class wal_found : std::uint8_t {
    record,
    nothing,  // there is no more
    torn,     // it begins and does not end: a crash while it was written
    damaged,  // it has a length or a checksum that cannot be; zeros too
};
struct wal_record {
    wal_found found{};
    byte_view payload;
    std::size_t size = 0;  // of the whole record
};
/// What `rest` begins with.
wal_record next_wal_record(byte_view rest);

}  // namespace tetrad::storage
