// SPDX-License-Identifier: Apache-2.0
// What arrives on a connection behind its frames: packets out of a stream, messages out of packets. However the stream is cut the same
// comes out of it, which is what a reader that has all of it at once finds; a message is what its packets hold, and at most as long as
// its channel allows; nothing keeps more than one packet and one message.
// An input: the sizes of the cuts, and the stream.
#include "p2p/packets.hpp"
#include "base/wire/protobuf.hpp"
#include "tests/fuzz/support.hpp"

#include <map>
#include <string>
#include <vector>

namespace tetrad::fuzz {

namespace {

using namespace p2p;

constexpr std::size_t data_max = 64;
constexpr std::size_t message_max = 200;

struct seen {
    std::vector<bytes> packets;   // as we would write them
    std::vector<bytes> messages;  // behind their channel's number
    bool refused = false;
    bool operator==(const seen&) const = default;
};

// Notes a packet; false where a message has become too long.
bool note(const packet& p, std::map<int, message_builder>& channels, seen& out) {
    out.packets.push_back(wire::encode(p));
    const auto* data = std::get_if<packet_data>(&p.sum);
    if (!data)
        return true;
    const auto whole = channels.try_emplace(data->channel, message_max).first->second.add(*data);
    if (whole && *whole) {
        CHECK((*whole)->size() <= message_max);
        out.messages.push_back({static_cast<std::uint8_t>(data->channel)});
        append(out.messages.back(), **whole);
    }
    return whole.has_value();
}

// The stream in pieces, of which the input says how large they are.
seen read_in_pieces(byte_view stream, byte_view sizes) {
    seen out;
    packet_reader reader(data_max);
    std::map<int, message_builder> channels;
    std::size_t cut = 0;
    while (!stream.empty()) {
        const auto size =
            sizes.empty() ? stream.size()
                          : std::min<std::size_t>(1 + sizes[cut++ % sizes.size()], stream.size());
        allocation_peak memory;
        reader.feed(stream.first(size));
        CHECK(memory.bytes() <=
              static_cast<std::int64_t>(4 * (size + packet_bytes_max(data_max) + 16)));
        stream = stream.subspan(size);
        for (;;) {
            const auto next = reader.next();
            if (next && !*next)
                break;
            if (!next || !note(**next, channels, out)) {
                out.refused = true;
                return out;
            }
        }
    }
    return out;
}

// The same by a reader that knows where the stream ends.
seen read_whole(byte_view rest) {
    seen out;
    std::map<int, bytes> unfinished;
    while (!rest.empty() && !out.refused) {
        std::uint64_t length = 0;
        std::size_t prefix = 0;
        bool done = false, fits = true;
        for (; !done && prefix < rest.size() && fits; ++prefix) {
            fits = prefix < 9 || (prefix == 9 && rest[prefix] <= 1);
            length |= static_cast<std::uint64_t>(rest[prefix] & 127) << (7 * prefix);
            done = rest[prefix] < 128;
        }
        out.refused = !fits || (done && length > packet_bytes_max(data_max));
        if (out.refused || !done || rest.size() - prefix < length)
            break;
        const auto body = rest.subspan(prefix, length);
        rest = rest.subspan(prefix + length);
        const auto p = wire::decode<packet>(body);
        out.refused = !p || p->sum.index() == 0;
        if (out.refused)
            break;
        out.packets.push_back(wire::encode(*p));
        const auto* data = std::get_if<packet_data>(&p->sum);
        if (!data)
            continue;
        auto& message = unfinished[data->channel];
        append(message, data->bytes);
        out.refused = message.size() > message_max;
        if (data->eof && !out.refused) {
            out.messages.push_back({static_cast<std::uint8_t>(data->channel)});
            append(out.messages.back(), message);
            message.clear();
        }
    }
    return out;
}

void run(input in) {
    const auto sizes = in.take(in.below(8));
    const auto stream = in.rest();
    const auto whole = read_whole(stream);
    CHECK(read_in_pieces(stream, sizes) == whole);
    CHECK(read_in_pieces(stream, {}) == whole);

    // What we write of it reads back, but for a channel that takes more room when it is written as it is meant.
    bytes again;
    for (const auto& p : whole.packets) {
        if (p.size() > packet_bytes_max(data_max))
            return;
        wire::append_uvarint(again, p.size());
        append(again, p);
    }
    const auto back = read_whole(again);
    CHECK(back.packets == whole.packets && back.messages == whole.messages);
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tetrad::fuzz::run({data, size});
    return 0;
}
