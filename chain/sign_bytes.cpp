// SPDX-License-Identifier: Apache-2.0
#include "chain/sign_bytes.hpp"

#include <optional>

#include "base/wire/protobuf.hpp"

namespace tetrad::chain {

namespace {

// The fields of CanonicalVote before the timestamp (5), and the one after it.
struct vote_head {
    vote_type type{};
    std::int64_t height = 0;
    std::int64_t round = 0;
    std::optional<block_id> block;
    static constexpr auto schema =
        fields(field<1>("", &vote_head::type), field<2>("", &vote_head::height, wire::sfixed64),
               field<3>("", &vote_head::round, wire::sfixed64), field<4>("", &vote_head::block));
};
struct vote_tail {
    std::string_view chain_id;
    static constexpr auto schema = fields(field<6>("", &vote_tail::chain_id));
};

constexpr std::uint8_t timestamp_tag = 5 << 3 | 2;
constexpr std::uint8_t seconds_tag = 1 << 3;
constexpr std::uint8_t nanos_tag = 2 << 3;
constexpr std::size_t timestamp_bytes_max = 2 * (1 + wire::uvarint_max);

std::size_t put_timestamp(std::uint8_t* to, timestamp t) {
    std::size_t n = 0;
    if (t.seconds != 0) {
        to[n++] = seconds_tag;
        n += wire::put_uvarint(to + n, static_cast<std::uint64_t>(t.seconds));
    }
    if (t.nanos != 0) {
        to[n++] = nanos_tag;
        n += wire::put_uvarint(to + n, static_cast<std::uint64_t>(std::int64_t{t.nanos}));
    }
    return n;
}

}  // namespace

vote_sign_bytes::vote_sign_bytes(std::string_view chain_id, vote_type type, height_t height,
                                 round_t round, const block_id& block) {
    vote_head head{type, height.v, round.v, std::nullopt};
    if (!block.is_zero())
        head.block = block;
    head_ = wire::encode(head);
    tail_ = wire::encode(vote_tail{chain_id});
}

std::size_t vote_sign_bytes::size_max() const {
    return wire::uvarint_max + head_.size() + 2 + timestamp_bytes_max + tail_.size();
}

std::size_t vote_sign_bytes::append_to(bytes& out, timestamp t) const {
    std::uint8_t time[timestamp_bytes_max];
    const auto time_size = put_timestamp(time, t);
    static_assert(timestamp_bytes_max < 0x80);  // so its length takes one byte
    const auto body = head_.size() + 2 + time_size + tail_.size();

    const auto before = out.size();
    out.resize(before + wire::uvarint_size(body) + body);
    std::uint8_t* at = out.data() + before;
    at += wire::put_uvarint(at, body);
    at = std::copy(head_.begin(), head_.end(), at);
    *at++ = timestamp_tag;
    *at++ = static_cast<std::uint8_t>(time_size);
    at = std::copy_n(time, time_size, at);
    std::copy(tail_.begin(), tail_.end(), at);
    return out.size() - before;
}

}  // namespace tetrad::chain
