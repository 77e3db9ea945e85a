// SPDX-License-Identifier: Apache-2.0
#include "storage/wal_format.hpp"

#include "base/text.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::storage;

TEST_CASE("the checksum is CRC-32C") {
    CHECK(crc32c({}) == 0);
    CHECK(crc32c(view("123456789")) == 0xe3069283);
    CHECK(crc32c(bytes(32, 0)) == 0x8a9136aa);  // RFC 3720, B.4
    CHECK(crc32c(bytes(32, 0xff)) == 0x62a8ab43);
}

TEST_CASE("records are read back one after another") {
    bytes file;
    append_wal_record(file, view("one"));
    append_wal_record(file, view("x"));
    append_wal_record(file, bytes(wal_payload_max, 7));
    byte_view rest = file;
    for (const std::size_t size : {std::size_t{3}, std::size_t{1}, wal_payload_max}) {
        const auto r = next_wal_record(rest);
        REQUIRE(r.found == wal_found::record);
        CHECK(r.payload.size() == size);
        REQUIRE(r.size == wal_header_size + size);
        rest = rest.subspan(r.size);
    }
    CHECK(next_wal_record(rest).found == wal_found::nothing);
}

TEST_CASE("a record that was cut anywhere is torn") {
    bytes file;
    append_wal_record(file, view("one"));
    for (std::size_t n = 1; n < file.size(); ++n)
        CHECK(next_wal_record(byte_view(file).first(n)).found == wal_found::torn);
}

TEST_CASE("a turned bit anywhere is found") {
    bytes file;
    append_wal_record(file, view("one"));
    for (std::size_t i = 0; i < file.size() * 8; ++i) {
        bytes turned = file;
        turned[i / 8] ^= static_cast<std::uint8_t>(1 << i % 8);
        CHECK(next_wal_record(turned).found != wal_found::record);
    }
}

TEST_CASE("a length beyond the maximum is damage, not a reason to wait for more") {
    bytes file;
    append_wal_record(file, view("one"));
    file[4] = 0x7f;
    CHECK(next_wal_record(file).found == wal_found::damaged);
}

TEST_CASE("zeros are no records, though the checksum of nothing is zero") {
    for (std::size_t n = 1; n < 64; ++n)
        CHECK(next_wal_record(bytes(n, 0)).found ==
              (n < wal_header_size ? wal_found::torn : wal_found::damaged));
}
