// SPDX-License-Identifier: Apache-2.0
#include "p2p/packets.hpp"

#include <utility>

#include "base/wire/protobuf.hpp"

namespace tetrad::p2p {

std::size_t packet_bytes_max(std::size_t data_max) {
    const bytes full(data_max);
    return wire::encoded_size(packet{packet_data{1, true, full}});
}

void packet_reader::feed(byte_view more) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    append(buffer_, more);
}

result<std::optional<packet>> packet_reader::next() {
    const auto rest = byte_view(buffer_).subspan(at_);
    const auto prefix = wire::read_prefix(rest);
    if (prefix.state == wire::prefix_state::malformed || prefix.value > packet_max_)
        return fail(errc::invalid, "a packet is longer than " + std::to_string(packet_max_) + " bytes");
    if (prefix.state == wire::prefix_state::incomplete || rest.size() - prefix.size < prefix.value)
        return std::nullopt;
    at_ += prefix.size + prefix.value;
    auto decoded = wire::decode<packet>(rest.subspan(prefix.size, prefix.value));
    if (!decoded)
        return pass(decoded, "packet");
    if (decoded->sum.index() == 0)
        return fail(errc::invalid, "a packet of no known kind");
    return *decoded;
}

result<std::optional<slice>> message_builder::add(const packet_data& p) {
    if (incoming_.size() + p.bytes.size() > bytes_max_)
        return fail(errc::too_large, "message on channel " + std::to_string(p.channel) + " is longer than " +
                                         std::to_string(bytes_max_) + " bytes");
    append(incoming_, p.bytes);
    if (!p.eof)
        return std::nullopt;
    return slice(std::exchange(incoming_, {}));
}

}  // namespace tetrad::p2p
