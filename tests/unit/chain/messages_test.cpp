// SPDX-License-Identifier: Apache-2.0
#include "chain/messages.hpp"

#include "tests/unit/chain/growing_chain.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;
namespace m = tetrad::chain::messages;

namespace {

const block_id bad_id{{}, {1, chain::hash(bytes{0})}};

template <class Message>
void check_table(const Message& good,
                 const std::vector<std::pair<std::function<void(Message&)>, std::string>>& table) {
    CHECK(error_of(check_shape(good)).empty());
    for (const auto& [spoil, wanted] : table) {
        auto message = good;
        spoil(message);
        const auto got = error_of(check_shape(message));
        INFO(got << "\nwanted " << wanted);
        CHECK(!got.empty());
        CHECK(got.starts_with(wanted));
    }
}

template <class Message>
void check_group(std::string_view group) {
    for (const auto& c : vectors::group(group)) {
        INFO(vectors::text(c, "name"));
        const auto raw = vectors::hex(c, "hex");
        CHECK(wire::encode(decoded<Message>(raw)) == raw);
        CHECK(decoded<Message>(raw).what.index() != 0);
    }
}

bit_array with_bits(bit_array b, std::int64_t bits) {
    b.bits = bits;
    return b;
}
bit_array without_elems(bit_array b) {
    b.elems.clear();
    return b;
}
const std::string mismatch_0 =
    "mismatch between specified number of bits 1, and number of elements 0, expected 1 elements";
const std::string mismatch_500 =
    "mismatch between specified number of bits 500, and number of elements 1, expected 8 elements";

}  // namespace

TEST_CASE("messages of all channels are CometBFT's, byte for byte") {
    check_group<m::consensus_message>("consensus_messages");
    check_group<m::blocksync_message>("blocksync_messages");
    check_group<m::mempool_message>("mempool_messages");
    for (const auto& c : vectors::group("evidence_list")) {
        const auto raw = vectors::hex(c, "hex");
        CHECK(wire::encode(decoded<evidence_list>(raw)) == raw);
        CHECK(error_of(m::decode_evidence(slice(raw))) == "invalid VoteA: signature is missing");
    }
}

TEST_CASE("each consensus message is written as CometBFT writes it") {
    const chain::hash h(view("add_more_exclamation_marks_code-"));
    const auto name = view("add_more_exclamation");
    const block_id id{h, {1, h}};
    const auto time = *parse_rfc3339("2018-08-30T12:00:00Z");
    const bit_array one_bit(1);
    const auto most = height_t(INT64_MAX);
    vote v{vote_type::precommit, height_t(1), round_t(0), id, time, address(name), 1, {}, {}, {}};
    const auto plain_vote = v;
    v.extension = slice(to_bytes("extension"));
    const m::consensus_message built[] = {
        {m::new_round_step{height_t(1), round_t(1), 1, 1, round_t(1)}},
        {m::new_round_step{most, round_t(INT32_MAX), UINT32_MAX, INT64_MAX, round_t(INT32_MAX)}},
        {m::new_valid_block{height_t(1), round_t(1), {1, h}, one_bit, false}},
        {m::proposal_message{
            {vote_type::proposal, height_t(1), round_t(1), round_t(1), id, time, signature(name)}}},
        {m::proposal_pol{height_t(1), round_t(1), {}}},
        {m::block_part{height_t(1), round_t(1), {1, slice(to_bytes("test")), {1, 1, h, {}}}}},
        {m::vote_message{plain_vote}},
        {m::vote_message{v}},
        {m::has_vote{height_t(1), round_t(1), vote_type::prevote, 1}},
        {m::has_vote{most, round_t(INT32_MAX), vote_type::prevote, INT32_MAX}},
        {m::vote_set_maj23{height_t(1), round_t(1), vote_type::prevote, id}},
        {m::vote_set_bits{height_t(1), round_t(1), vote_type::prevote, id, one_bit}},
    };
    const vectors::group cases("consensus_messages");
    REQUIRE(cases.size() == std::size(built));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        INFO(vectors::text(cases[i], "name"));
        CHECK(to_hex(wire::encode(built[i])) == vectors::text(cases[i], "hex"));
        CHECK(decoded<m::consensus_message>(vectors::hex(cases[i], "hex")) == built[i]);
    }
}

TEST_CASE("a round step has a height, a round and one of eight steps") {
    check_table<m::new_round_step>(
        {height_t(0), round_t(0), 1, 0, round_t(0)},
        {
            {[](auto& x) { x.round = round_t(-1); }, "negative Round"},
            {[](auto& x) { x.height = height_t(-1); }, "negative Height"},
            {[](auto& x) { x.step = 0; }, "invalid Step"},
            {[](auto& x) { x.step = 9; }, "invalid Step"},
            {[](auto& x) { x.step = 257; }, "denying message due to possible overflow"},
            {[](auto& x) { x.last_commit_round = round_t(-2); },
             "invalid LastCommitRound (cannot be < -1)"},
        });
    for (const std::uint32_t step : {1u, 8u})
        CHECK(check_shape(m::new_round_step{height_t(2), round_t(0), step, -5, round_t(-1)}));
}

TEST_CASE("a round step fits a chain's initial height") {
    const auto at = [](std::int64_t h, std::int32_t last) {
        return error_of(check_height(
            m::new_round_step{height_t(h), round_t(0), 1, 0, round_t(last)}, height_t(10)));
    };
    CHECK(at(11, 0).empty());
    CHECK(at(10, -1).empty());
    CHECK(at(-1, 0) == "invalid Height -1 (lower than initial height 10)");
    CHECK(at(0, 0) == "invalid Height 0 (lower than initial height 10)");
    CHECK(at(10, 0) == "invalid LastCommitRound 0 (must be -1 for initial height 10)");
    CHECK(at(11, -1) == "LastCommitRound can only be negative for initial height 10");
}

TEST_CASE("a valid block has as many bits as parts") {
    check_table<m::new_valid_block>(
        {height_t(1), round_t(0), {1, {}}, bit_array(1), false},
        {
            {[](auto& x) { x.height = height_t(-1); }, "negative Height"},
            {[](auto& x) { x.round = round_t(-1); }, "negative Round"},
            {[](auto& x) { x.parts.total = 2; },
             "blockParts bit array size 1 not equal to BlockPartSetHeader.Total 2"},
            {[](auto& x) { x.parts.total = 0, x.have = bit_array(0); }, "empty blockParts"},
            {[](auto& x) { x.have.reset(); }, "empty blockParts"},
            {[](auto& x) { x.have = bit_array(parts_max + 1); },
             "blockParts bit array size 1602 not equal to BlockPartSetHeader.Total 1"},
            {[](auto& x) { x.have = bit_array(parts_max + 1), x.parts.total = parts_max + 1; },
             "blockParts bit array is too big: 1602, max: 1601"},
            {[](auto& x) { x.have = without_elems(*x.have); },
             "validating BlockParts: " + mismatch_0},
            {[](auto& x) { x.have = with_bits(*x.have, 500); },
             "validating BlockParts: " + mismatch_500},
            {[](auto& x) { x.have = with_bits(*x.have, -5); }, ""},
            {[](auto& x) { x.parts.hash = chain::hash(view("x")); },
             "wrong BlockPartSetHeader: wrong Hash: "},
        });
}

TEST_CASE("votes of a proof of lock are one to ten thousand bits") {
    check_table<m::proposal_pol>(
        {height_t(1), round_t(1), bit_array(1)},
        {
            {[](auto& x) { x.height = height_t(-1); }, "negative Height"},
            {[](auto& x) { x.pol_round = round_t(-1); }, "negative ProposalPOLRound"},
            {[](auto& x) { x.pol = bit_array(0); }, "empty ProposalPOL bit array"},
            {[](auto& x) { x.pol = bit_array(10001); },
             "proposalPOL bit array is too big: 10001, max: 10000"},
            {[](auto& x) { x.pol = without_elems(x.pol); },
             "validating ProposalPOL: " + mismatch_0},
            {[](auto& x) { x.pol = with_bits(x.pol, 500); },
             "validating ProposalPOL: " + mismatch_500},
        });
}

TEST_CASE("parts, votes and claims about them are checked") {
    m::block_part part;
    part.part.proof.leaf_hash = hash_of("leaf");
    check_table<m::block_part>(part,
                               {
                                   {[](auto& x) { x.height = height_t(-1); }, "negative Height"},
                                   {[](auto& x) { x.round = round_t(-1); }, "negative Round"},
                                   {[](auto& x) { x.part.index = 1; },
                                    "wrong Part: invalid part: part index 1 != proof index 0"},
                                   {[](auto& x) { x.part.proof.leaf_hash = {}; },
                                    "wrong Part: invalid part: wrong Proof: "},
                               });
    check_table<m::has_vote>(
        {height_t(0), round_t(0), vote_type::prevote, 0},
        {
            {[](auto& x) { x.height = height_t(-1); }, "negative Height"},
            {[](auto& x) { x.round = round_t(-1); }, "negative Round"},
            {[](auto& x) { x.type = static_cast<vote_type>(3); }, "invalid Type"},
            {[](auto& x) { x.index = -1; }, "negative Index"},
        });
    check_table<m::vote_set_maj23>(
        {height_t(0), round_t(0), vote_type::precommit, {}},
        {
            {[](auto& x) { x.height = height_t(-1); }, "negative Height"},
            {[](auto& x) { x.round = round_t(-1); }, "negative Round"},
            {[](auto& x) { x.type = static_cast<vote_type>(3); }, "invalid Type"},
            {[](auto& x) { x.block = bad_id; }, "wrong BlockID: wrong PartSetHeader: wrong Hash: "},
        });
    check_table<m::vote_set_bits>(
        {height_t(1), round_t(0), vote_type::prevote, {}, bit_array(1)},
        {
            {[](auto& x) { x.height = height_t(-1); }, "negative Height"},
            {[](auto& x) { x.type = static_cast<vote_type>(3); }, "invalid Type"},
            {[](auto& x) { x.block = bad_id; }, "wrong BlockID: wrong PartSetHeader: wrong Hash: "},
            {[](auto& x) { x.votes = bit_array(10001); },
             "votes bit array is too big: 10001, max: 10000"},
            {[](auto& x) { x.votes = without_elems(x.votes); }, "validating Votes: " + mismatch_0},
            {[](auto& x) { x.votes = with_bits(x.votes, 500); },
             "validating Votes: " + mismatch_500},
        });
    CHECK(check_shape(m::vote_set_bits{height_t(1), round_t(0), vote_type::prevote, {}, {}}));
    CHECK(error_of(check_shape(m::vote_message{})) == "nil vote");
    CHECK(error_of(check_shape(m::vote_message{vote{}})) == "invalid Type");
    CHECK(error_of(check_shape(m::proposal_message{})) == "invalid Type");
}

TEST_CASE("a consensus message decodes and is checked at once, sharing the buffer") {
    const auto set = part_set::of(slice(bytes(100, 7)));
    const slice sent(m::encode_consensus({m::block_part{height_t(3), round_t(1), *set.at(0)}}));
    const auto got = m::decode_consensus(sent);
    REQUIRE(got);
    const auto& part = std::get<m::block_part>(got->what).part;
    CHECK(part == *set.at(0));
    CHECK((part.data.data() > sent.data() && part.data.data() < sent.data() + sent.size()));

    CHECK(error_of(m::decode_consensus(slice())) == "consensus: unknown message");
    CHECK(error_of(m::decode_consensus(slice(bytes{0x52, 0x00}))) ==
          "consensus: unknown message");  // field 10
    CHECK(error_of(m::decode_consensus(slice(bytes{0x0a, 0x05}))) ==
          "consensus: malformed protobuf message");
    CHECK(error_of(m::decode_consensus(slice(bytes{0x32, 0x00}))) == "nil vote");
    CHECK(error_of(m::decode_consensus(slice(bytes{0x0a, 0x00}))) == "invalid Step");
}

TEST_CASE("block sync messages have heights that make sense") {
    const auto error = [](auto message) {
        return error_of(m::decode_blocksync(slice(m::encode_blocksync({message}))));
    };
    CHECK(error(m::block_request{height_t(0)}).empty());
    CHECK(error(m::block_request{height_t(-1)}) == "invalid height -1: negative height");
    CHECK(error(m::no_block_response{height_t(-1)}) == "invalid height -1: negative height");
    CHECK(error(m::status_request{}).empty());
    CHECK(error(m::status_response{height_t(5), height_t(5)}).empty());
    CHECK(error(m::status_response{height_t(5), height_t(6)}) ==
          "invalid height 5: base 6 cannot be greater than height");
    CHECK(error(m::status_response{height_t(-1), height_t(0)}) ==
          "invalid height -1: negative height");
    CHECK(error(m::status_response{height_t(1), height_t(-1)}) == "invalid base -1: negative base");
    CHECK(error(m::block_response{}).empty());
    CHECK(error_of(m::decode_blocksync(slice())) == "blocksync: unknown message");
}

TEST_CASE("a block response is opened without copying the block") {
    growing_chain chain({{0, 10}, {1, 20}});
    chain.grow(2);
    const auto b = chain.make({slice(to_bytes("tx")), slice(bytes(1000, 3))});
    const slice encoded(wire::encode(b));
    const slice sent(m::encode_blocksync({m::block_response{encoded, std::nullopt}}));
    const auto got = m::decode_blocksync(sent);
    REQUIRE(got);
    const auto& response = std::get<m::block_response>(got->what);
    REQUIRE(response.block);
    CHECK(*response.block == encoded);
    const auto opened = m::open(response);
    REQUIRE(opened);
    CHECK(opened->block == b);
    CHECK(opened->encoded.data() == response.block->data());
    CHECK((opened->encoded.data() > sent.data() &&
           opened->encoded.data() < sent.data() + sent.size()));
    CHECK(!opened->extended_commit);

    // As CometBFT has it: the same message with the block as a message.
    const vectors::group cases("blocksync_messages");
    const auto theirs = m::decode_blocksync(slice(vectors::hex(cases[2], "hex")));
    REQUIRE(theirs);
    const auto their_block = decode_block(*std::get<m::block_response>(theirs->what).block);
    REQUIRE(their_block);
    CHECK(text(their_block->data.txs.at(0)) == "Hello World");
    CHECK(error_of(m::open(std::get<m::block_response>(theirs->what))) ==
          "invalid header: invalid ProposerAddress length; got: 0, expected: 20");
}

TEST_CASE("a block response that does not hold together is refused") {
    growing_chain chain({{0, 10}});
    chain.grow(1);
    const auto b = chain.make();
    const auto opened = [](const block& one, std::optional<slice> extended = {}) {
        return error_of(m::open({slice(wire::encode(one)), std::move(extended)}));
    };
    CHECK(error_of(m::open({})) == "nil block");
    CHECK(
        error_of(m::open({slice(to_bytes("\xff")), std::nullopt})).starts_with("block: malformed"));
    auto bad = b;
    bad.header.data_hash = hash_of("x");
    CHECK(opened(bad).starts_with("wrong Header.DataHash."));
    bad = b;
    bad.last_commit->signatures.resize(votes_max + 1, bad.last_commit->signatures[0]);
    CHECK(opened(bad) == "block: message has too many elements");

    auto extended_by = extended(chain.sign(b));
    CHECK(opened(b, slice(wire::encode(extended_by))).empty());
    CHECK(opened(b, slice()).empty());  // height 0 has no rules
    extended_by.signatures[0].sig = {};
    CHECK(opened(b, slice(wire::encode(extended_by))) ==
          "wrong ExtendedCommitSig #0: signature is missing");
    CHECK(opened(b, slice(to_bytes("\x08"))) == "malformed protobuf message");
}

TEST_CASE("transactions of a peer are at least one, none empty, none too large") {
    const auto decode = [](std::vector<tx> list, m::mempool_limits limits = {}) {
        return m::decode_mempool(slice(m::encode_mempool({std::move(list)})), limits);
    };
    const tx a(to_bytes("abc")), b(to_bytes("defgh"));
    const auto both = decode({a, b});
    REQUIRE(both);
    CHECK(both->items == std::vector<tx>{a, b});
    CHECK(error_of(decode({})) == "mempool message contains no transactions");
    CHECK(error_of(m::decode_mempool(slice(), {})) == "mempool message contains no transactions");
    CHECK(error_of(decode({a, tx()})) == "mempool batch contains an empty transaction");
    CHECK(error_of(decode({a, b}, {4, 0})) == "transaction size 5 exceeds max_tx_bytes 4");
    CHECK(error_of(decode({a, b}, {5, 0})) == "mempool batch exceeds 5 byte budget");
    CHECK(decode({a, b}, {5, 8}).has_value());
    CHECK(error_of(decode({a, b}, {0, 7})) == "mempool batch exceeds 7 byte budget");
    for (const std::size_t size : {1u, 127u, 128u, 1048576u})
        CHECK(m::mempool_bytes_max(size) == m::encode_mempool({{tx(bytes(size, 1))}}).size());
    CHECK(m::mempool_bytes_max(1048576) == 1048584);
}

TEST_CASE("evidence of a peer is well-formed or its list is refused") {
    const auto evidence_case = oracle("evidence").elements();
    for (const auto c : evidence_case) {
        const evidence_list list{{decoded<evidence>(vectors::hex(c, "proto"))}};
        CHECK(error_of(m::decode_evidence(slice(wire::encode(list)))) ==
              vectors::text(c, "validate_basic"));
    }
    CHECK(m::decode_evidence(slice()).has_value());
    CHECK(!m::decode_evidence(slice(bytes{0x0a, 0x00})));
}
