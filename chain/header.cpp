// SPDX-License-Identifier: Apache-2.0
#include "chain/header.hpp"

#include "base/crypto/merkle.hpp"
#include "base/text.hpp"
#include "chain/text.hpp"

namespace tetrad::chain {

namespace {

// google.protobuf.BytesValue, StringValue and Int64Value: the field 1 of a wrapper. Empty and zero give an empty leaf.
constexpr std::uint8_t bytes_tag = 1 << 3 | 2;
constexpr std::uint8_t varint_tag = 1 << 3;

void add_wrapped(crypto::merkle_builder& tree, byte_view value) {
    constexpr std::size_t in_place_max = 0x7f;  // a length of one byte
    if (value.empty())
        return tree.add({});
    if (value.size() <= in_place_max) {
        std::uint8_t leaf[2 + in_place_max] = {bytes_tag, static_cast<std::uint8_t>(value.size())};
        std::copy(value.begin(), value.end(), leaf + 2);
        return tree.add({leaf, 2 + value.size()});
    }
    bytes leaf{bytes_tag};
    wire::append_uvarint(leaf, value.size());
    append(leaf, value);
    tree.add(leaf);
}

void add_wrapped(crypto::merkle_builder& tree, std::int64_t value) {
    if (value == 0)
        return tree.add({});
    std::uint8_t leaf[1 + wire::uvarint_max] = {varint_tag};
    tree.add({leaf, 1 + wire::put_uvarint(leaf + 1, static_cast<std::uint64_t>(value))});
}

template <class Message>
void add_message(crypto::merkle_builder& tree, const Message& m) {
    std::uint8_t leaf[128];
    const auto size = wire::encoded_size(m);
    CHECK(size <= sizeof leaf);
    wire::detail::reverse_writer w({leaf, size});
    wire::detail::write_body(w, m);
    tree.add({leaf, size});
}

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

}  // namespace

chain::hash header::hash() const {
    if (validators_hash.empty())
        return {};
    crypto::merkle_builder tree;
    add_message(tree, version);
    add_wrapped(tree, view(chain_id));
    add_wrapped(tree, height.v);
    add_message(tree, wire::detail::split(time));
    add_message(tree, last_block);
    add_wrapped(tree, last_commit_hash);
    add_wrapped(tree, data_hash);
    add_wrapped(tree, validators_hash);
    add_wrapped(tree, next_validators_hash);
    add_wrapped(tree, consensus_hash);
    add_wrapped(tree, app_hash);
    add_wrapped(tree, last_results_hash);
    add_wrapped(tree, evidence_hash);
    add_wrapped(tree, proposer);
    return tree.root();
}

result<void> check_shape(const header& h) {
    if (h.version.block != block_protocol)
        return invalid(format("block protocol is incorrect: got: {}, want: {} ", h.version.block,
                              block_protocol));
    if (h.chain_id.size() > chain_id_size_max)
        return invalid(
            format("chainID is too long; got: {}, max: {}", h.chain_id.size(), chain_id_size_max));
    if (h.height.v < 0)
        return invalid("negative Height");
    if (h.height.v == 0)
        return invalid("zero Height");
    if (auto good = check_shape(h.last_block); !good)
        return pass(good, "wrong LastBlockID");
    if (auto good = check_hash(h.last_commit_hash); !good)
        return pass(good, "wrong LastCommitHash");
    if (auto good = check_hash(h.data_hash); !good)
        return pass(good, "wrong DataHash");
    if (auto good = check_hash(h.evidence_hash); !good)
        return pass(good, "wrong EvidenceHash");
    if (h.proposer.size() != address_size)
        return invalid(format("invalid ProposerAddress length; got: {}, expected: {}",
                              h.proposer.size(), address_size));
    if (auto good = check_hash(h.validators_hash); !good)
        return pass(good, "wrong ValidatorsHash");
    if (auto good = check_hash(h.next_validators_hash); !good)
        return pass(good, "wrong NextValidatorsHash");
    if (auto good = check_hash(h.consensus_hash); !good)
        return pass(good, "wrong ConsensusHash");
    if (auto good = check_hash(h.last_results_hash); !good)
        return pass(good, "wrong LastResultsHash");
    return {};
}

}  // namespace tetrad::chain
