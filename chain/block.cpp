// SPDX-License-Identifier: Apache-2.0
#include "chain/block.hpp"

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
    auto b = wire::decode_shared<block>(encoded);
    if (!b)
        return pass(b, "block");
    return b;
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
