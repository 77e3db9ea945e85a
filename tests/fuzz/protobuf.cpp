// SPDX-License-Identifier: Apache-2.0
// Decoding protobuf, against protobuf itself: every type that peers, applications and files send. An input is the number of a type
// and a message. What protobuf_oracle.hpp calls good must decode, nothing else may; what it says must be what protobuf reads in it,
// encoded by either side and decoded by the other; and decoding takes no more memory than base/wire declares.
#include "app/abci/messages.hpp"
#include "base/crypto/keys.hpp"
#include "base/crypto/merkle.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/block.hpp"
#include "chain/light_block.hpp"
#include "chain/messages.hpp"
#include "chain/state.hpp"
#include "chain/validator.hpp"
#include "consensus/engine/records.hpp"
#include "p2p/node_info.hpp"
#include "p2p/packets.hpp"
#include "tests/fuzz/protobuf_oracle.hpp"
#include "tests/fuzz/support.hpp"

#include <iterator>

namespace tetrad::fuzz {

namespace {

std::int64_t budget_of(std::size_t input_size) {
    return static_cast<std::int64_t>(input_size) * wire::detail::budget_factor + wire::detail::budget_floor;
}

// A vector that grows holds its elements twice over for a moment, and has room for twice as many; bytes are copied once.
std::int64_t memory_of(std::size_t input_size) {
    return 3 * budget_of(input_size) + 2 * static_cast<std::int64_t>(input_size) + 4096;
}

// What is decoded into: zero where a field is absent. p2p/upgrade starts a peer's node_info the same way.
template <wire::message M>
M blank() {
    M m;
    if constexpr (std::is_same_v<M, p2p::node_info>)
        m.protocol_version = {0, 0, 0};
    return m;
}

template <wire::message M>
void run(const shapes& all, int shape, oracle& other, byte_view raw) {
    const slice in(to_bytes(raw));
    const auto verdict = judge(all, shape, text(raw));
    const bool small = verdict.cost <= budget_of(raw.size()) && !verdict.long_list;

    allocation_peak memory;
    M decoded = blank<M>();
    const auto outcome = wire::decode_into(in.view(), decoded, &in);
    const auto peak = memory.bytes();
    CHECK(peak <= memory_of(raw.size()));
    if (verdict.good && !small)
        CHECK(!outcome && outcome.error().code == errc::too_large);
    else
        CHECK(outcome.has_value() == verdict.good);
    if (M copied = blank<M>(); wire::decode_into(raw, copied))
        CHECK(outcome && wire::encode(copied) == wire::encode(decoded));
    if (verdict.good && !verdict.foreign)
        CHECK(other.parse(shape, text(raw)));
    if (!outcome)
        return;

    const bytes ours = wire::encode(decoded);
    CHECK(wire::encoded_size(decoded) == ours.size());
    const auto expected = other.parse(shape, verdict.translated), read = other.parse(shape, text(ours));
    CHECK(expected && read);
    CHECK(other.same(shape, *expected, *read));

    const auto theirs = expected->SerializeAsString();
    M again = blank<M>();
    if (const auto good = wire::decode_into(view(theirs), again); !good)
        CHECK(good.error().code == errc::too_large && verdict.cost > budget_of(theirs.size()));
    else
        CHECK(wire::encode(again) == ours);
}

template <class... Ms>
struct types {
    shapes all;
    std::array<int, sizeof...(Ms)> numbers{all.of<Ms>()...};
    oracle other{all};

    void run_one(std::size_t which, byte_view in) {
        using runner = void (*)(const shapes&, int, oracle&, byte_view);
        static constexpr runner runners[] = {&run<Ms>...};
        runners[which](all, numbers[which], other, in);
    }
    static constexpr std::size_t count = sizeof...(Ms);
};

// Inputs name a type by its place here: new ones stand at the end.
using all_types =
    types<chain::messages::consensus_message, chain::messages::blocksync_message, chain::messages::mempool_message,
          chain::evidence_list, chain::block, chain::extended_commit, p2p::packet, p2p::node_info, crypto::public_key,
          crypto::merkle_proof, chain::light_block, chain::vote, chain::proposal, chain::validator_set_record,
          consensus::engine::timed_wal_entry, app::abci::response_finalize_block, app::abci::response_info,
          app::abci::response_init_chain, app::abci::response_prepare_proposal, app::abci::response_check_tx,
          app::abci::response_query, app::abci::request_finalize_block, app::abci::request_prepare_proposal, app::abci::tx_result,
          chain::consensus_params_update, chain::state_record>;

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tetrad::fuzz;
    static all_types types;
    input in(data, size);
    const auto which = in.below(all_types::count);
    types.run_one(which, in.rest());
    return 0;
}
