// SPDX-License-Identifier: Apache-2.0
#include "chain/validate_block.hpp"

#include "tests/unit/chain/growing_chain.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

growing_chain grown(int blocks = 3) {
    growing_chain chain({{0, 10}, {1, 20}, {2, 30}});
    chain.grow(blocks);
    return chain;
}

void check_table(const growing_chain& chain,
                 const std::vector<std::pair<std::function<void(block&)>, std::string>>& table) {
    for (const auto& [spoil, wanted] : table) {
        auto b = chain.make({slice(to_bytes("tx"))});
        spoil(b);
        const auto got = error_of(validate_block(chain.state, b));
        INFO(got << "\nwanted " << wanted);
        CHECK((wanted.empty() ? got.empty() : got.starts_with(wanted)));
    }
}

}  // namespace

TEST_CASE("the weighted median is CometBFT's") {
    for (const auto& c : vectors::group("weighted_median")) {
        std::vector<weighted_time> times;
        for (const auto t : vectors::at(c, "time_weight").elements())
            times.push_back(
                {{vectors::int64(vectors::at(t, 0)), 0}, vectors::int64(vectors::at(t, 1))});
        CHECK(weighted_median(times, vectors::int64(c, "total")).seconds ==
              vectors::int64(c, "expect"));
    }
    CHECK(weighted_median({}, 0).is_zero());
}

TEST_CASE("the median time counts votes for nil too") {
    for (const auto& c : vectors::group("median_time")) {
        commit signed_by{height_t(3), round_t(0), id_of("b"), {}};
        std::vector<validator> list;
        int key = 0;
        for (const auto s : vectors::at(c, "sigs").elements()) {
            list.push_back(member(key, vectors::int64(vectors::at(s, 2))));
            signed_by.signatures.push_back(
                {static_cast<block_id_flag>(vectors::int64(vectors::at(s, 0))),
                 public_key(key).address(),
                 {vectors::int64(vectors::at(s, 1)), 0},
                 {}});
            ++key;
        }
        signed_by.signatures.push_back(commit_sig::absent());
        const auto set = validator_set::make(list);
        REQUIRE(set);
        const auto median = median_time(signed_by, *set);
        REQUIRE(median);
        CHECK(median->seconds == vectors::int64(c, "expect_038"));
    }
}

TEST_CASE("each wrong field of a header is refused in CometBFT's words and order") {
    const auto wrong = hash_of("wrong");
    check_table(
        grown(),
        {
            {[](block&) {}, ""},
            {[](block& b) { b.header.version.app = 9; },
             "wrong Block.Header.Version. Expected {11 0}, got {11 9}"},
            {[](block& b) { b.header.version.block = 12; },
             "invalid header: block protocol is incorrect"},
            {[](block& b) { b.header.chain_id = "not-the-real-one"; },
             "wrong Block.Header.ChainID. Expected growing, got not-the-real-one"},
            {[](block& b) { b.header.height = height_t(14); },
             "wrong Block.Header.Height. Expected 4, got 14"},
            {[](block& b) { b.header.last_block.parts.total += 10; },
             "wrong Block.Header.LastBlockID.  Expected "},
            {[&](block& b) { b.header.app_hash = to_bytes(wrong); },
             "wrong Block.Header.AppHash.  Expected , got " + to_hex_upper(wrong)},
            {[&](block& b) { b.header.consensus_hash = wrong; },
             "wrong Block.Header.ConsensusHash.  Expected "
             "048091BC7DDC283F77BFBF91D73C44DA58C3DF8A9CBC867405D8B7F3DAADA22F, got "},
            {[&](block& b) { b.header.last_results_hash = wrong; },
             "wrong Block.Header.LastResultsHash.  Expected "},
            {[&](block& b) { b.header.validators_hash = wrong; },
             "wrong Block.Header.ValidatorsHash.  Expected "},
            {[&](block& b) { b.header.next_validators_hash = wrong; },
             "wrong Block.Header.NextValidatorsHash.  Expected "},
            {[&](block& b) { b.header.proposer = public_key(9).address(); },
             format("block.Header.ProposerAddress {} is not a validator",
                    to_hex_upper(public_key(9).address()))},
            {[](block& b) { b.header.proposer = public_key(1).address(); }, ""},  // any member
            {[&](block& b) { b.header.last_commit_hash = wrong; },
             "wrong Header.LastCommitHash. Expected "},
            {[&](block& b) { b.header.data_hash = wrong; }, "wrong Header.DataHash. Expected "},
            {[&](block& b) { b.header.evidence_hash = wrong; },
             "wrong Header.EvidenceHash. Expected "},
            {[](block& b) { b.header.time = b.header.time + -10s; },
             "block time 2023-11-14 22:13:13 +0000 UTC not greater than last"},
            {[](block& b) { b.header.time = b.header.time + 1s; },
             "invalid block time. Expected 2023-11-14 22:13:23 +0000 UTC, got 2023-11-14 22:13:24 "
             "+0000 UTC"},
            {[&](block& b) {
                 b.header.app_hash = to_bytes(wrong), b.header.validators_hash = wrong;
             },
             "wrong Block.Header.AppHash."},
        });
}

TEST_CASE("the last commit has to be the decision on the last block") {
    const auto chain = grown();
    const auto with = [](const std::function<void(commit&)>& change) {
        return [change](block& b) {
            change(*b.last_commit);
            b.header.last_commit_hash = b.last_commit->hash();
        };
    };
    const auto resigned = [&](std::string_view flags, timestamp time) {
        return with([&chain, flags = std::string(flags), time](commit& c) {
            c = signed_commit(chain.state.last_validators, chain.state.chain_id, c.height,
                              round_t(0), c.block, time, flags);
        });
    };
    const auto at = chain.last_commit.signatures[0].time;
    check_table(
        chain,
        {
            {with([](commit& c) { c.height = c.height + -1; }),
             "Invalid commit -- wrong height: 3 vs 2"},
            {with([](commit& c) { c.signatures.pop_back(); }),
             "Invalid commit -- wrong set size: 3 vs 2"},
            {with([](commit& c) { c.block.parts.total++; }),
             "invalid commit -- wrong block ID: want "},
            {with([](commit& c) { c.signatures[0].sig = sign(7, view("x")); }),
             "wrong signature (#0): "},
            {with([](commit& c) { c.signatures[1].time.nanos++; }), "wrong signature (#1): "},
            {with([](commit& c) { c.signatures[0].validator = public_key(7).address(); }),
             "validator address mismatch at index 0: expected "},
            {resigned("ccc", at), ""},
            {resigned("ccn", at), ""},
            {resigned("caa", at),
             "invalid commit -- insufficient voting power: got 30, needed more than 40"},
            {resigned("ncc", at),
             "invalid commit -- insufficient voting power: got 30, needed more than 40"},
        });

    // Verified elsewhere: only what it means for the time is looked at.
    auto b = chain.make();
    with([](commit& c) { c.signatures[0].sig = sign(7, view("x")); })(b);
    block_validation how;
    how.skip_last_commit = true;
    CHECK(validate_block(chain.state, b, how));
    CHECK(!validate_block(chain.state, b));
}

TEST_CASE("the initial block has the initial height, the genesis time and no commit") {
    growing_chain chain({{0, 10}}, height_t(5));
    const auto later = [&] {
        auto c = chain.sign(chain.make());
        c.height = height_t(4);
        return c;
    }();
    check_table(chain, {
                           {[](block&) {}, ""},
                           {[](block& b) { b.header.height = height_t(6); },
                            "wrong Block.Header.Height. Expected 6 for initial block, got 5"},
                           {[](block& b) { b.header.time = b.header.time + 1ns; },
                            "block time 2023-11-14 22:13:20.000000001 +0000 UTC is not equal to "
                            "genesis time 2023-11-14 22:13:20 +0000 UTC"},
                           {[&](block& b) {
                                b.last_commit = later;
                                b.header.last_commit_hash = b.last_commit->hash();
                            },
                            "initial block can't have LastCommit signatures"},
                       });
}

TEST_CASE("a block from the future is refused where the clock is known") {
    const auto chain = grown();
    const auto b = chain.make();
    block_validation how;
    for (const auto& [now, good] :
         std::initializer_list<std::pair<timestamp, bool>>{{b.header.time, true},
                                                           {b.header.time + -59s, true},
                                                           {b.header.time + -60s, false},
                                                           {b.header.time + -1h, false}}) {
        how.now = now;
        CHECK(validate_block(chain.state, b, how).has_value() == good);
    }
    CHECK(error_of(validate_block(chain.state, b, how)) ==
          "block time 2023-11-14 22:13:23 +0000 UTC is too far in the future (wall clock "
          "2023-11-14 21:13:23 +0000 UTC + "
          "tolerance 1m0s)");
    how.now.reset();
    CHECK(validate_block(chain.state, b, how));
}

TEST_CASE("evidence has its limit") {
    auto chain = grown();
    const auto vote_for = [](std::string_view name) {
        vote v;
        v.type = vote_type::precommit;
        v.height = height_t(2);
        v.block = id_of(name);
        v.time = {1700000001, 0};
        v.validator = public_key(0).address();
        v.sig = sign(0, sign_bytes(v, "growing"));
        return v;
    };
    const auto d =
        make_duplicate_vote(vote_for("x"), vote_for("y"), {1700000001, 0}, chain.state.validators);
    REQUIRE(d);
    const evidence_list list{{evidence{*d}}};
    const auto size = static_cast<std::int64_t>(wire::encoded_size(list));
    chain.state.params.evidence.max_bytes = size;
    CHECK(error_of(validate_block(chain.state, chain.make({}, list))).empty());
    chain.state.params.evidence.max_bytes = size - 1;
    CHECK(error_of(validate_block(chain.state, chain.make({}, list))) ==
          format("Too much evidence: Max {}, got {}", size - 1, size));
}

TEST_CASE("what was checked before is not checked again") {
    const auto chain = grown();
    auto b = chain.make({slice(to_bytes("tx"))});
    b.data.txs[0] = slice(to_bytes("other"));
    block_validation how;
    CHECK(!validate_block(chain.state, b, how));
    how.shape_checked = true;
    CHECK(validate_block(chain.state, b, how));
}
