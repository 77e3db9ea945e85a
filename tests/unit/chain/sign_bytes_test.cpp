// SPDX-License-Identifier: Apache-2.0
#include "chain/sign_bytes.hpp"

#include "base/random.hpp"
#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

TEST_CASE("sign bytes made for many times are those made for one vote") {
    seeded_random random(1);
    for (int i = 0; i < 500; ++i) {
        vote v;
        v.type = random.below(2) == 0 ? vote_type::prevote : vote_type::precommit;
        v.height = height_t(static_cast<std::int64_t>(random.uint64() >> random.below(64)));
        v.round = round_t(static_cast<std::int32_t>(random.uint64() >> (32 + random.below(32))));
        if (random.below(3) != 0) {
            v.block = id_of(format("block {}", i));
            v.block.parts.total = static_cast<std::uint32_t>(random.uint64());
        }
        const std::string chain_id(random.below(60), 'c');
        const vote_sign_bytes many(chain_id, v.type, v.height, v.round, v.block);

        bytes all;
        for (const timestamp t :
             {timestamp{}, timestamp::unix_epoch(), timestamp{0, 1}, timestamp{-1, 999'999'999},
              timestamp{253402300799, 999'999'999}, timestamp{1700000000, 5}}) {
            v.time = t;
            const auto before = all.size();
            const auto size = many.append_to(all, t);
            CHECK(size <= many.size_max());
            REQUIRE(all.size() == before + size);
            CHECK(equal(byte_view(all).subspan(before), sign_bytes(v, chain_id)));
        }
    }
}
