// SPDX-License-Identifier: Apache-2.0
// Records of a write-ahead log: any file is read to its end, a checksum is what the definition of CRC-32C gives bit by bit, what
// was appended reads back, and neither a change nor a loss of its end passes for a record.
// An input: where and how to damage, how records are cut, and their payloads, which are read as a file too.
#include "storage/wal_format.hpp"
#include "tests/fuzz/support.hpp"

#include <vector>

namespace tetrad::fuzz {

namespace {

std::uint32_t checksum_by_definition(byte_view in) {
    std::uint32_t crc = ~0u;
    for (const auto b : in) {
        crc ^= b;
        for (int i = 0; i < 8; ++i)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

std::uint32_t big_endian(byte_view in) {
    return static_cast<std::uint32_t>(in[0]) << 24 | static_cast<std::uint32_t>(in[1]) << 16 | static_cast<std::uint32_t>(in[2]) << 8 | in[3];
}

// All records up to what is none; the rest is what remains.
std::vector<byte_view> read_all(byte_view& rest, storage::wal_found& end) {
    std::vector<byte_view> all;
    for (;;) {
        const auto next = storage::next_wal_record(rest);
        end = next.found;
        if (next.found != storage::wal_found::record)
            return all;
        CHECK(next.size == next.payload.size() + storage::wal_header_size && next.size <= rest.size());
        CHECK(!next.payload.empty() && next.payload.data() == rest.data() + storage::wal_header_size);
        CHECK(big_endian(rest) == checksum_by_definition(next.payload));
        CHECK(big_endian(rest.subspan(4)) == next.payload.size());
        all.push_back(next.payload);
        rest = rest.subspan(next.size);
    }
}

void run(input in) {
    const auto place = static_cast<std::size_t>(in.byte()) << 8 | in.byte();
    const auto mask = in.byte();
    const std::size_t step = 1 + in.below(40);
    const auto raw = in.rest();
    CHECK(storage::crc32c(raw) == checksum_by_definition(raw));
    auto rest = raw;
    storage::wal_found end{};
    read_all(rest, end);
    CHECK((end == storage::wal_found::nothing) == rest.empty());

    bytes file;
    std::vector<byte_view> payloads;
    for (auto left = raw; !left.empty(); left = left.subspan(payloads.back().size())) {
        payloads.push_back(left.first(std::min(step, left.size())));
        storage::append_wal_record(file, payloads.back());
    }
    rest = file;
    const auto back = read_all(rest, end);
    CHECK(end == storage::wal_found::nothing && back.size() == payloads.size());
    for (std::size_t i = 0; i < back.size(); ++i)
        CHECK(equal(back[i], payloads[i]));
    if (file.empty())
        return;

    auto shorter = byte_view(file).first(place % file.size());
    const auto kept = read_all(shorter, end).size();
    CHECK(kept < payloads.size() && end == (shorter.empty() ? storage::wal_found::nothing : storage::wal_found::torn));
    if (mask == 0)
        return;
    file[place % file.size()] ^= mask;
    rest = file;
    CHECK(read_all(rest, end).size() < payloads.size() && end != storage::wal_found::nothing);
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tetrad::fuzz::run({data, size});
    return 0;
}
