// SPDX-License-Identifier: Apache-2.0
#include "chain/verify_light.hpp"

#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

constexpr std::string_view chain_id = "light";
const timestamp begin{1136214245, 0};
// The first three have no 2/3 of it, the last three have.
const std::vector<key_power> powers{{0, 20}, {1, 30}, {2, 40}, {3, 50}};

signed_header made(height_t height, timestamp time, const validator_set& set,
                   const validator_set& next, std::string flags = {},
                   std::string_view chain = chain_id) {
    header h;
    h.version = {block_protocol, 0};
    h.chain_id = std::string(chain);
    h.height = height;
    h.time = time;
    h.validators_hash = set.hash();
    h.next_validators_hash = next.hash();
    h.app_hash = to_bytes("app");
    h.proposer = set.at(0).address;
    if (flags.empty())
        flags.assign(set.size(), 'c');
    const block_id id{h.hash(), {1, hash_of("parts")}};
    return {h, signed_commit(set, chain, height, round_t(1), id, time, flags)};
}

light_options options(duration since_begin, duration trusting_period = 3h) {
    light_options o;
    o.trusting_period = trusting_period;
    o.now = begin + since_begin;
    o.clock_drift_max = 10s;
    return o;
}

}  // namespace

TEST_CASE("the next header is trusted where the old one names its validators and they signed") {
    const auto set = set_of(powers), other = set_of({{0, 10}, {1, 11}, {2, 12}, {3, 13}});
    const auto trusted = made(height_t(1), begin, set, set);
    const struct {
        signed_header next;
        const validator_set& validators;
        light_options options;
        std::string wanted;
    } table[] = {
        {trusted, set, options(2h), "headers must be adjacent in height"},
        {{std::nullopt, trusted.commit}, set, options(2h), "headers must be adjacent in height"},
        {made(height_t(2), begin + 1h, set, set, {}, "different"), set, options(2h),
         "invalid header: untrustedHeader.ValidateBasic failed: header belongs to another chain"},
        {made(height_t(2), begin + -1h, set, set), set, options(2h),
         "invalid header: expected new header time "},
        {made(height_t(2), begin + 3h, set, set), set, options(2h),
         "invalid header: new header has a time from the future 2006-01-02 18:04:05 +0000 UTC "
         "(now: 2006-01-02 17:04:05 "
         "+0000 UTC; max clock drift: 10s)"},
        {made(height_t(2), begin + 2h + 10s + -1ms, set, set), set, options(2h), ""},
        {made(height_t(2), begin + 2h + 10s, set, set), set, options(2h),
         "invalid header: new header has a time from"},
        {made(height_t(2), begin + 1h, set, set), set, options(2h), ""},
        {made(height_t(2), begin + 1h, set, set, "ccca"), set, options(2h), ""},
        {made(height_t(2), begin + 1h, set, set, "caaa"), set, options(2h),
         "invalid header: invalid commit -- insufficient voting power: got 50, needed more than "
         "93"},
        {made(height_t(2), begin + 1h, other, set), other, options(2h),
         "expected old header next validators ("},
        {made(height_t(2), begin + 1h, set, set), other, options(2h),
         "invalid header: expected new header validators ("},
        {made(height_t(2), begin + 1h, set, set), set, options(1h, 1h),
         "old header has expired at 2006-01-02 16:04:05 +0000 UTC (now: 2006-01-02 16:04:05 +0000 "
         "UTC)"},
    };
    for (const auto& c : table) {
        const auto got = error_of(verify_adjacent(trusted, c.next, c.validators, c.options));
        INFO(got);
        CHECK((c.wanted.empty() ? got.empty() : got.starts_with(c.wanted)));
    }
}

TEST_CASE("a later header is trusted where enough of those that we trust signed it") {
    const auto set = set_of(powers), two_thirds = set_of({{1, 30}, {2, 40}, {3, 50}}),
               one_third = set_of({{3, 50}}), less = set_of({{0, 20}});
    const auto trusted = made(height_t(1), begin, set, set);
    const struct {
        signed_header later;
        const validator_set& validators;
        light_verdict verdict;
        std::string wanted;
    } table[] = {
        {made(height_t(3), begin + 1h, set, set), set, light_verdict::verified, ""},
        {made(height_t(4), begin + 1h, set, set, "ccca"), set, light_verdict::verified, ""},
        {made(height_t(5), begin + 1h, set, set, "caaa"), set, light_verdict::verified,
         "invalid header: invalid commit -- insufficient voting power: got 50, needed more than "
         "93"},
        {made(height_t(5), begin + 1h, two_thirds, two_thirds), two_thirds, light_verdict::verified,
         ""},
        {made(height_t(5), begin + 1h, one_third, one_third), one_third, light_verdict::verified,
         ""},
        {made(height_t(5), begin + 1h, less, less), less, light_verdict::not_yet_trusted, ""},
        {made(height_t(2), begin + 1h, set, set), set, light_verdict::verified,
         "headers must be non adjacent in height"},
        {made(height_t(5), begin + -1h, set, set), set, light_verdict::verified,
         "invalid header: expected new header time "},
        {trusted, set, light_verdict::verified,
         "invalid header: expected new header height 1 to be greater than"},
    };
    for (const auto& c : table) {
        const auto got = verify_skipping(trusted, set, c.later, c.validators, options(2h));
        INFO(error_of(got));
        if (c.wanted.empty()) {
            REQUIRE(got);
            CHECK(*got == c.verdict);
        } else {
            CHECK(error_of(got).starts_with(c.wanted));
        }
    }
    // A wrong signature of one that we trust is an error, not a reason to look closer.
    auto forged = made(height_t(5), begin + 1h, set, set);
    forged.commit->signatures[0].sig = sign(7, view("x"));
    CHECK(error_of(verify_skipping(trusted, set, forged, set, options(2h)))
              .starts_with("wrong signature (#0)"));
}

TEST_CASE("either way is found by the heights") {
    const auto set = set_of(powers);
    const auto trusted = made(height_t(1), begin, set, set);
    for (const auto height : {2, 3, 50}) {
        const auto got = verify_light(trusted, set, made(height_t(height), begin + 1h, set, set),
                                      set, options(2h));
        REQUIRE(got);
        CHECK(*got == light_verdict::verified);
    }
    CHECK(!verify_light(trusted, set, trusted, set, options(2h)));
}

TEST_CASE("an older header is trusted by its hash") {
    const auto set = set_of(powers);
    const auto older = *made(height_t(1), begin, set, set).header;
    auto trusted = *made(height_t(2), begin + 1h, set, set).header;
    trusted.last_block.hash = older.hash();
    CHECK(verify_backwards(older, trusted));
    auto bad = older;
    bad.app_hash = to_bytes("other");
    CHECK(
        error_of(verify_backwards(bad, trusted)).starts_with("invalid header: older header hash "));
    bad = older;
    bad.time = trusted.time;
    CHECK(error_of(verify_backwards(bad, trusted))
              .starts_with("invalid header: expected older header time "));
    bad = older;
    bad.chain_id = "other";
    CHECK(error_of(verify_backwards(bad, trusted)) ==
          "invalid header: header belongs to another chain");
    bad = older;
    bad.height = height_t(0);
    CHECK(error_of(verify_backwards(bad, trusted)) == "invalid header: zero Height");
}

TEST_CASE("a trust level is a third or more") {
    for (const auto& [n, d, valid] :
         std::initializer_list<std::tuple<std::uint64_t, std::uint64_t, bool>>{
             {1, 1, true},
             {1, 3, true},
             {2, 3, true},
             {3, 3, true},
             {4, 5, true},
             {6, 5, false},
             {0, 1, false},
             {0, 0, false},
             {1, 0, false},
             {1, 4, false},
             {33, 100, false},
             {34, 100, true},
             {UINT64_MAX / 3, UINT64_MAX, true},
             {UINT64_MAX / 3 - 1, UINT64_MAX, false}}) {
        INFO(n << "/" << d);
        CHECK(check_trust_level({n, d}).has_value() == valid);
    }
    CHECK(error_of(check_trust_level({6, 5})) == "trustLevel must be within [1/3, 1], given 6/5");
}
