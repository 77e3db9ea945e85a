// SPDX-License-Identifier: Apache-2.0
#include "chain/light_block.hpp"

#include "tests/unit/chain/support.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

light_block example() {
    const auto set = set_of({{0, 10}, {1, 20}, {2, 30}});
    header h;
    h.version = {block_protocol, 0};
    h.chain_id = "chain";
    h.height = height_t(9);
    h.time = {1700000000, 0};
    h.validators_hash = set.hash();
    h.proposer = set.at(0).address;
    const block_id id{h.hash(), {1, hash_of("parts")}};
    light_block b;
    b.signed_header.emplace();
    b.signed_header->commit = signed_commit(set, "chain", h.height, id, h.time);
    b.signed_header->header = std::move(h);
    b.validators = set.record();
    return b;
}

}  // namespace

TEST_CASE("a light block holds together or says what does not") {
    const auto hash = to_hex_upper(example().signed_header->header->hash());
    const std::pair<std::function<void(light_block&)>, std::string> table[] = {
        {[](light_block&) {}, ""},
        {[](light_block& b) { b.signed_header.reset(); }, "missing signed header"},
        {[](light_block& b) { b.validators.reset(); }, "missing validator set"},
        {[](light_block& b) { b.signed_header->header.reset(); },
         "invalid signed header: missing header"},
        {[](light_block& b) { b.signed_header->commit.reset(); },
         "invalid signed header: missing commit"},
        {[](light_block& b) { b.signed_header->header->height = height_t(-1); },
         "invalid signed header: invalid header: negative Height"},
        {[](light_block& b) { b.signed_header->commit->round = round_t(-1); },
         "invalid signed header: invalid commit: negative Round"},
        {[](light_block& b) { b.signed_header->header->chain_id = "other"; },
         "invalid signed header: header belongs to another chain \"other\", not \"chain\""},
        {[](light_block& b) { b.signed_header->commit->height = height_t(10); },
         "invalid signed header: header and commit height mismatch: 9 vs 10"},
        {[](light_block& b) { b.signed_header->commit->block.hash = hash256{}; },
         format("invalid signed header: commit signs block {}, header is block {}",
                std::string(64, '0'), hash)},
        {[](light_block& b) { b.validators->proposer.reset(); },
         "invalid validator set: fromProto: validatorSet proposer error: nil validator"},
        {[](light_block& b) {
             b.validators = set_of({{0, 10}, {1, 20}}).record();
         },
         "expected validator hash of header to match validator set hash ("},
    };
    for (const auto& [spoil, wanted] : table) {
        auto b = example();
        spoil(b);
        const auto got = error_of(check_shape(b, "chain"));
        INFO(got);
        CHECK((wanted.empty() ? got.empty() : got.starts_with(wanted)));
    }
    CHECK(decoded<light_block>(wire::encode(example())) == example());
}
