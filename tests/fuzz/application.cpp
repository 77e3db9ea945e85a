// SPDX-License-Identifier: Apache-2.0
// What an application may answer: whatever it says of validators, parameters and results, the state that comes of it is one that the
// next block can stand on and that a restart reads back, or the answer is refused.
// An input: which answer, and the answer's encoding, block after block of one chain.
#include "app/finalize.hpp"
#include "app/proposal.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/state.hpp"
#include "chain/update_state.hpp"
#include "tests/fuzz/support.hpp"

namespace tetrad::fuzz {

namespace {

using namespace app;

constexpr timestamp begun{1700000000, 0};

crypto::public_key key(std::uint8_t n) {
    const std::uint8_t of[] = {n};
    return crypto::ed25519_public(crypto::sha256(of));
}

chain::state first_state() {
    chain::genesis_doc doc;
    doc.time = begun;
    doc.chain_id = "fuzz";
    doc.initial_height = height_t(1);
    doc.params = chain::consensus_params::defaults();
    for (std::uint8_t n = 0; n < 3; ++n)
        doc.validators.push_back({key(n).address(), key(n), power_t(10 + n), {}});
    return *chain::genesis_state(doc, "fuzz");
}

// Of a set whose turn it is to propose.
void check_set(const chain::validator_set& set) {
    CHECK(!set.empty() && set.total_power().v > 0 && set.total_power().v <= chain::total_power_max);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
        const auto& v = set.at(i);
        CHECK(check_shape(v) && v.power.v > 0);
        CHECK(i == 0 || stands_before(set.at(i - 1), v));
        CHECK(set.index_of(v.address) == i);
        total += v.power.v;
    }
    CHECK(total == set.total_power().v);
    CHECK(set.has(set.proposer().address));
    CHECK(set.incremented(1).hash() == set.hash());
}

void check_state(const chain::state& s) {
    check_set(s.validators);
    check_set(s.next_validators);
    const auto back = chain::decode_state(chain::encode_state(s));
    CHECK(back && *back == s);
    if (const auto room = room_for(s, {}))
        CHECK(room->tx_bytes_max >= 0 &&
              room->tx_bytes_max <= static_cast<std::int64_t>(chain::block_bytes_max));
}

chain::block block_on(const chain::state& s, std::size_t txs) {
    chain::block b;
    b.header.height = s.next_height();
    b.header.time = s.last_block_time + 1s;
    b.header.chain_id = s.chain_id;
    for (std::size_t i = 0; i < txs; ++i)
        b.data.txs.push_back(slice(bytes{static_cast<std::uint8_t>(i)}));
    return b;
}

void finalize(chain::state& s, const slice& in) {
    const auto r = wire::decode<abci::response_finalize_block>(in);
    if (!r)
        return;
    const auto b = block_on(s, r->tx_results.size());
    CHECK(!outcome_of(*r, b.data.txs.size() + 1));
    const auto outcome = outcome_of(*r, b.data.txs.size());
    CHECK(outcome.has_value());
    if (const auto rows = index_txs(b, *r)) {
        CHECK(rows->size() == b.data.txs.size());
        for (const auto& row : *rows)
            for (const auto& e : row.entries)
                CHECK(e.key.find('.') != std::string::npos && e.key != "tx.hash" &&
                      e.key != "tx.height");
    }
    if (const auto entries = index_block(*r))
        for (const auto& e : *entries)
            CHECK(e.key != "block.height");
    const chain::block_id id{b.hash(), {1, crypto::sha256({})}};
    const auto next = update_state(s, id, b.header, *outcome);
    if (!next)
        return;
    CHECK(next->last_block_height == b.header.height && next->last_validators == s.validators &&
          next->validators == s.next_validators && equal(next->app_hash, r->app_hash));
    // The parameters that InitChain answers are not looked at, as in CometBFT; a later change has to be good as a whole.
    CHECK(next->params == s.params || check_shape(next->params));
    check_state(*next);
    s = *next;
}

void init_chain(chain::state& s, const slice& in) {
    const auto r = wire::decode<abci::response_init_chain>(in);
    if (!r)
        return;
    const auto next = after_init_chain(s, {r->validators, r->consensus_params, r->app_hash});
    if (!next)
        return;
    check_set(next->validators);
    check_set(next->next_validators);
    s = *next;
}

void prepare(const chain::state& s, const slice& in) {
    const auto r = wire::decode_shared<abci::response_prepare_proposal>(in);
    const auto room = room_for(s, {});
    if (!r || !room)
        return;
    auto draft = block_on(s, 0);
    draft.last_commit = chain::commit{};
    if (s.next_height() != s.initial_height)
        return;
    const auto made = with_txs(s, draft, r->txs, *room);
    std::int64_t size = 0;
    for (const auto& t : r->txs)
        size += chain::tx_block_size(t.size());
    CHECK(made.has_value() == (size <= room->tx_bytes_max));
    CHECK(!made || made->data.txs == r->txs);
}

void run(input in) {
    static const auto first = first_state();
    auto s = first;
    for (int blocks = 0; !in.empty() && blocks < 16; ++blocks) {
        const auto what = in.below(4);
        const auto size = static_cast<std::size_t>(in.byte()) << 8 | in.byte();
        const slice answer(to_bytes(in.take(size)));
        if (what < 2)
            finalize(s, answer);
        else if (what == 2 && s.last_block_height.v == 0)
            init_chain(s, answer);
        else
            prepare(s, answer);
    }
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tetrad::fuzz::run({data, size});
    return 0;
}
