// SPDX-License-Identifier: Apache-2.0
#include "app/proposal.hpp"

#include "chain/validate_block.hpp"
#include "tests/unit/chain/growing_chain.hpp"

using namespace tetrad;
using namespace tetrad::app;
using chain::test::error_of;
using chain::test::growing_chain;

namespace {

std::vector<slice> txs(std::initializer_list<std::string_view> all) {
    std::vector<slice> out;
    for (const auto t : all)
        out.push_back(slice(to_bytes(t)));
    return out;
}

}  // namespace

TEST_CASE("the room for transactions is what evidence and signatures leave of a block") {
    growing_chain c({{0, 10}, {1, 10}, {2, 10}, {3, 10}});
    c.state.params.block = {100000, 77};
    auto room = room_for(c.state, {});
    REQUIRE(room);
    CHECK(room->tx_bytes_max == chain::data_bytes_max(100000, 0, 4));
    CHECK(room->reap_bytes_max == room->tx_bytes_max);
    CHECK(room->gas_max == 77);
    c.state.params.block = {-1, -1};
    room = room_for(c.state, {});
    REQUIRE(room);
    CHECK(room->tx_bytes_max == chain::data_bytes_max(chain::block_bytes_max, 0, 4));
    CHECK(room->reap_bytes_max == -1);
    c.state.params.block = {1000, -1};
    CHECK(error_of(room_for(c.state, {})) ==
          "block.max_bytes = 1000 leaves no room for transactions beside the signatures of 4 "
          "validators");
}

TEST_CASE(
    "PrepareProposal says what the block would be, and who signed the last one with which "
    "extension") {
    growing_chain c({{0, 10}, {1, 20}});
    c.grow(2);
    c.state.params.abci.vote_extensions_enable_height = height_t(2);
    auto last = chain::extended(c.last_commit);
    for (auto& s : last.signatures)
        s.extension = slice(to_bytes("ext")), s.extension_sig = s.sig;
    const auto draft = c.make(txs({"a", "b"}));
    const auto room = room_for(c.state, {});
    const auto q = prepare_request(draft, c.state, last, *room);
    REQUIRE(error_of(q).empty());
    CHECK(q->max_tx_bytes == room->tx_bytes_max);
    CHECK(q->txs == txs({"a", "b"}));
    CHECK(q->height == 3);
    CHECK(q->time == draft.header.time);
    CHECK(q->next_validators_hash == to_bytes(c.state.next_validators.hash()));
    CHECK(q->proposer_address == draft.header.proposer);
    REQUIRE(q->local_last_commit.votes.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& v = q->local_last_commit.votes[i];
        CHECK(v.validator.address == c.state.last_validators.at(i).address);
        CHECK(v.validator.power == c.state.last_validators.at(i).power.v);
        CHECK(v.vote_extension == to_bytes("ext"));
        CHECK(equal(v.extension_signature, last.signatures[i].extension_sig));
        CHECK(v.block_id_flag == abci::block_id_flag::commit);
    }
    last.signatures[0].extension_sig = {};
    CHECK_FALSE(prepare_request(draft, c.state, last, *room));
    last.signatures.pop_back();
    CHECK(error_of(prepare_request(draft, c.state, last, *room)) ==
          "the commit of height 2 has 1 signatures, its validators are 2");
}

TEST_CASE("of the first block nobody signed the last one") {
    growing_chain c({{0, 10}, {1, 20}}, height_t(7));
    const auto draft = c.make();
    const auto q = prepare_request(draft, c.state, {}, *room_for(c.state, {}));
    REQUIRE(error_of(q).empty());
    CHECK(q->height == 7);
    CHECK(q->time == c.genesis.time);
    CHECK(q->local_last_commit.votes.empty());
    const auto p = process_request(draft, c.state);
    REQUIRE(error_of(p).empty());
    CHECK(p->proposed_last_commit.votes.empty());
}

TEST_CASE("the application's transactions make the block, where they fit") {
    growing_chain c({{0, 10}});
    c.grow(1);
    const auto draft = c.make(txs({"a"}));
    auto room = *room_for(c.state, {});
    const auto made = with_txs(c.state, draft, txs({"c", "d"}), room);
    REQUIRE(error_of(made).empty());
    CHECK(made->data.txs == txs({"c", "d"}));
    CHECK(made->header.data_hash == chain::hash(chain::txs_hash(made->data.txs)));
    CHECK(made->header.time == draft.header.time);
    CHECK(error_of(chain::check_shape(*made)).empty());
    CHECK(error_of(chain::validate_block(c.state, *made)).empty());
    room.tx_bytes_max = 3;
    CHECK(error_of(with_txs(c.state, draft, txs({"cd"}), room)) ==
          "PrepareProposal: transaction data size exceeds maximum 3");
}

TEST_CASE("ProcessProposal and ExtendVote say what stands in the block") {
    growing_chain c({{0, 10}, {1, 20}});
    c.grow(2);
    const auto b = c.make(txs({"a", "b"}));
    const auto p = process_request(b, c.state);
    const auto e = extend_request(b, c.state);
    REQUIRE(error_of(p).empty());
    REQUIRE(error_of(e).empty());
    for (const auto& commit : {p->proposed_last_commit, e->proposed_last_commit}) {
        REQUIRE(commit.votes.size() == 2);
        CHECK(commit.votes[1].validator.address == c.state.last_validators.at(1).address);
    }
    CHECK(p->hash == to_bytes(b.hash()));
    CHECK(e->hash == p->hash);
    CHECK(p->txs == b.data.txs);
    CHECK(e->txs == b.data.txs);
    CHECK(p->height == 3);
    CHECK(p->time == b.header.time);
    CHECK(p->next_validators_hash == to_bytes(b.header.next_validators_hash));
    CHECK(p->proposer_address == b.header.proposer);

    chain::vote v{
        chain::vote_type::precommit, height_t(3), round_t(0), growing_chain::id_of(b), {},
        b.header.proposer,           0,           {},         slice(to_bytes("x")),    {}};
    const auto q = verify_extension_request(v);
    CHECK(q.hash == p->hash);
    CHECK(q.height == 3);
    CHECK(q.validator_address == b.header.proposer);
    CHECK(q.vote_extension == to_bytes("x"));
}
