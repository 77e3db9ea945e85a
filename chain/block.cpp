// SPDX-License-Identifier: Apache-2.0
#include "chain/block.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

constexpr std::uint8_t field_tag(std::uint32_t number) {
    return static_cast<std::uint8_t>(number << 3 | 2);
}

// Walks an encoding and asks of each piece whether it is the one that we would write. A transaction is recognized by where its
// bytes lie, so its bytes are not read.
class encoding_check {
public:
    explicit encoding_check(byte_view encoded) : rest_(encoded) {}

    bool tag_and_size(std::uint8_t tag, std::size_t size) {
        std::uint8_t wanted[1 + wire::uvarint_max] = {tag};
        return literal({wanted, 1 + wire::put_uvarint(wanted + 1, size)});
    }
    bool literal(byte_view wanted) {
        if (rest_.size() < wanted.size() || !equal(rest_.first(wanted.size()), wanted))
            return false;
        rest_ = rest_.subspan(wanted.size());
        return true;
    }
    bool same_memory(byte_view piece) {
        if (rest_.size() < piece.size() || (!piece.empty() && rest_.data() != piece.data()))
            return false;
        rest_ = rest_.subspan(piece.size());
        return true;
    }
    template <class Message>
    bool message(std::uint32_t number, const Message& m) {
        const bytes body = wire::encode(m);
        return tag_and_size(field_tag(number), body.size()) && literal(body);
    }
    bool done() const { return rest_.empty(); }

private:
    byte_view rest_;
};

bool is_canonical(byte_view encoded, const block& b) {
    encoding_check in(encoded);
    if (!in.message(1, b.header))
        return false;
    if (!in.tag_and_size(field_tag(2), static_cast<std::size_t>(txs_block_size(b.data.txs))))
        return false;
    for (const auto& t : b.data.txs)
        if (!in.tag_and_size(field_tag(1), t.size()) || !in.same_memory(t))
            return false;
    return in.message(3, b.evidence) && (!b.last_commit || in.message(4, *b.last_commit)) &&
           in.done();
}

/// Calls f(number, body) for what is length-delimited in a message, as far as it is well-formed.
template <class F>
void for_each_delimited(byte_view message, F&& f) {
    std::uint64_t key = 0;
    for (wire::detail::reader in(message); !in.done() && in.uvarint(key);) {
        const auto type = static_cast<std::uint32_t>(key & 7);
        byte_view body;
        if (type == wire::detail::delimited ? !in.delimited(body) : !in.skip(type))
            return;
        if (type == wire::detail::delimited)
            f(static_cast<std::uint32_t>(key >> 3), body);
    }
}

/// How many elements, at most, the list has that stands in field `number` of an encoded block; where that occurs more than once,
/// all of them are one list.
std::size_t count_elements(byte_view encoded, std::uint32_t number) {
    std::size_t count = 0;
    for_each_delimited(encoded, [&](std::uint32_t n, byte_view list) {
        if (n == number)
            for_each_delimited(list, [&](std::uint32_t m, byte_view) { count += m == 1; });
    });
    return count;
}

}  // namespace

result<void> check_shape(const block& b) {
    if (auto good = check_shape(b.header); !good)
        return pass(good, "invalid header");
    if (!b.last_commit)
        return invalid("nil LastCommit");
    if (auto good = check_shape(*b.last_commit); !good)
        return pass(good, "wrong LastCommit");
    if (const auto h = b.last_commit->hash(); !equal(b.header.last_commit_hash, h))
        return invalid(format("wrong Header.LastCommitHash. Expected {}, got {}", to_hex_upper(h),
                              to_hex_upper(b.header.last_commit_hash)));
    if (const auto h = txs_hash(b.data.txs); !equal(b.header.data_hash, h))
        return invalid(format("wrong Header.DataHash. Expected {}, got {}", to_hex_upper(h),
                              to_hex_upper(b.header.data_hash)));
    for (std::size_t i = 0; i < b.evidence.evidence.size(); ++i)
        if (auto good = check_shape(b.evidence.evidence[i]); !good)
            return pass(good, format("invalid evidence (#{})", i));
    if (const auto h = b.evidence.hash(); !equal(b.header.evidence_hash, h))
        return invalid(format("wrong Header.EvidenceHash. Expected {}, got {}",
                              to_hex_upper(b.header.evidence_hash), to_hex_upper(h)));
    return {};
}

block make_block(height_t height, std::vector<tx> txs, commit last_commit, evidence_list evidence) {
    block b;
    b.header.version = {block_protocol, 0};
    b.header.height = height;
    b.data.txs = std::move(txs);
    b.evidence = std::move(evidence);
    b.last_commit = std::move(last_commit);
    b.header.last_commit_hash = b.last_commit->hash();
    b.header.data_hash = txs_hash(b.data.txs);
    b.header.evidence_hash = b.evidence.hash();
    return b;
}

result<block> decode_block(const slice& encoded) {
    block b;
    const auto budget = encoded.size() * wire::detail::budget_factor + wire::detail::budget_floor;
    const auto txs = count_elements(encoded, 2);  // of two bytes at least
    static_assert(sizeof(tx) <= 2 * wire::detail::budget_factor);
    const auto evidence_max = (budget - txs * sizeof(tx)) / sizeof(chain::evidence);
    b.data.txs.reserve(txs);
    b.evidence.evidence.reserve(std::min(count_elements(encoded, 3), evidence_max));
    if (auto good = wire::decode_into(encoded, b, &encoded); !good)
        return pass(good, "block");
    return b;
}

result<block_outline> decode_outline(const slice& encoded) {
    auto outline = wire::decode_shared<block_outline>(encoded);
    if (!outline)
        return pass(outline, "block");
    return outline;
}

slice canonical_encoding(const slice& received, const block& b) {
    return is_canonical(received, b) ? received : slice(wire::encode(b));
}

std::optional<std::int64_t> data_bytes_max(std::int64_t block_bytes, std::int64_t evidence_bytes,
                                           std::size_t validators) {
    const auto left = block_bytes - block_overhead_bytes_max - header_bytes_max -
                      commit_bytes_max(validators) - evidence_bytes;
    if (left < 0)
        return std::nullopt;
    return left;
}

}  // namespace tetrad::chain
