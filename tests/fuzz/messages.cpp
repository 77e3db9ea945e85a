// SPDX-License-Identifier: Apache-2.0
// What peers send of blocks, transactions and evidence, up to the point where the chain itself has to be asked: it is well-formed or
// refused, and what is taken means the same when it is written and read again. A block is stored and hashed in its canonical encoding,
// whatever the peer made of it; its parts prove their places; evidence that is well-formed has a name and can be told in JSON.
// An input: the kind, and the message.
#include "chain/messages.hpp"
#include "base/wire/decode_bound.hpp"
#include "base/wire/json.hpp"
#include "chain/part_set.hpp"
#include "tests/fuzz/support.hpp"

namespace tetrad::fuzz {

namespace {

namespace messages = chain::messages;

template <class M>
void check_memory(const allocation_peak& memory, std::size_t input_size) {
    CHECK(memory.bytes() <=
          static_cast<std::int64_t>(wire::decoded_bytes_max<M>(input_size) + 1024));
}

void check_parts(const slice& block) {
    auto whole = chain::part_set::of(block);
    CHECK(whole.header() == chain::part_set_header_of(block));
    auto filled = *chain::part_set::waiting_for(whole.header());
    for (std::size_t i = whole.total(); i-- > 0;) {
        CHECK(check_shape(*whole.at(i)));
        const auto added = filled.add(*whole.at(i));
        CHECK(added && *added);
    }
    CHECK(filled.is_complete() && filled.encoded() == block);
}

void check_block(const messages::block_response& r) {
    const auto opened = messages::open(r);
    if (!opened)
        return;
    CHECK(equal(opened->encoded, wire::encode(opened->block)));
    const auto again = chain::decode_block(opened->encoded);
    CHECK(again && *again == opened->block && again->hash() == opened->block.hash());
    check_parts(opened->encoded);
    if (opened->extended_commit)
        CHECK(check_shape(opened->extended_commit->to_commit()));
}

void run_blocksync(const slice& in) {
    const allocation_peak memory;
    auto m = messages::decode_blocksync(in);
    check_memory<messages::blocksync_message>(memory, in.size());
    if (!m)
        return;
    const auto again = messages::decode_blocksync(slice(messages::encode_blocksync(*m)));
    CHECK(again && *again == *m);
    if (const auto* r = std::get_if<messages::block_response>(&m->what))
        check_block(*r);
}

void run_block(const slice& in) {
    {
        const allocation_peak memory;
        const auto block = chain::decode_block(in);
        CHECK(memory.bytes() <=
              static_cast<std::int64_t>(chain::block_decoding_bytes_max(in.size()) + 1024));
    }
    check_block({in, {}});
}

void run_mempool(const slice& in) {
    constexpr std::int64_t tx_max = 50, batch_max = 120;
    const allocation_peak memory;
    const auto txs = messages::decode_mempool(in, {tx_max, batch_max});
    check_memory<messages::mempool_message>(memory, in.size());
    const auto any = messages::decode_mempool(in, {});
    CHECK(any || !txs);
    if (!any)
        return;
    std::int64_t total = 0;
    bool fits = true;
    for (const auto& t : any->items) {
        CHECK(!t.empty() && t.data() >= in.data() && t.data() + t.size() <= in.data() + in.size());
        total += static_cast<std::int64_t>(t.size());
        fits = fits && t.size() <= tx_max;
    }
    CHECK(!any->items.empty() && txs.has_value() == (fits && total <= batch_max));
    const auto again = messages::decode_mempool(slice(messages::encode_mempool(*any)), {});
    CHECK(again && *again == *any);
}

void run_evidence(const slice& in) {
    const allocation_peak memory;
    const auto list = messages::decode_evidence(in);
    check_memory<chain::evidence_list>(memory, in.size());
    if (!list)
        return;
    const auto again = messages::decode_evidence(slice(wire::encode(*list)));
    CHECK(again && *again == *list && again->hash() == list->hash());
    for (const auto& e : list->evidence) {
        CHECK(e.height().v > 0 && !e.leaf().empty());
        static_cast<void>(e.hash());
        const auto told = json::to_json(e);
        const auto parsed = json::parse(told);
        CHECK(parsed.has_value());
        chain::evidence read;
        if (json::read(parsed->root(), read, wire::plain))
            CHECK(json::to_json(read) == told);
    }
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tetrad;
    constexpr void (*kinds[])(const slice&) = {fuzz::run_blocksync, fuzz::run_block,
                                               fuzz::run_mempool, fuzz::run_evidence};
    fuzz::input in(data, size);
    const auto kind = in.below(std::size(kinds));
    kinds[kind](slice(to_bytes(in.rest())));
    return 0;
}
