// SPDX-License-Identifier: Apache-2.0
#include "chain/verify_commit.hpp"

#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

constexpr std::string_view chain_id = "Lalande21185";
const timestamp some_time{1700000000, 5};
const height_t height(100);

validator_set equals(int count) {
    std::vector<key_power> list;
    for (int i = 0; i < count; ++i)
        list.push_back({i, 10});
    return set_of(list);
}

// CometBFT prints the whole entry of a wrong signature in hex; ours is the signature.
std::string without_signature(const std::string& t) {
    return t.starts_with("wrong signature (#") ? t.substr(0, t.find(':')) : t;
}

}  // namespace

TEST_CASE("commits are accepted and refused as CometBFT does, in its words") {
    int cases = 0;
    for (const auto c : oracle("commits").elements()) {
        INFO(vectors::text(c, "name"));
        ++cases;
        const auto chain = vectors::text(oracle("chain_id"));
        const auto set = validator_set::from(decoded<validator_set_record>(vectors::hex(c, "set")));
        REQUIRE(set);
        const auto signed_by = decoded<commit>(vectors::hex(c, "commit"));
        const auto id = decoded<block_id>(vectors::hex(c, "block_id"));
        const height_t h(vectors::int64(c, "height"));
        CHECK(wire::encode(signed_by) == vectors::hex(c, "commit"));
        CHECK(equal(signed_by.hash(), vectors::hex(c, "hash")));
        CHECK(error_of(check_shape(signed_by)) == vectors::text(c, "validate_basic"));
        const auto same = [&](const result<void>& got, std::string_view wanted) {
            INFO(wanted);
            CHECK(without_signature(error_of(got)) == without_signature(vectors::text(c, wanted)));
        };
        same(verify_commit(chain, *set, id, h, signed_by), "full");
        same(verify_commit_light(chain, *set, id, h, signed_by), "light");
        same(verify_commit_light(chain, *set, id, h, signed_by, extent::all), "light_all");
        same(verify_commit_trusting(chain, *set, signed_by, {1, 3}), "trusting_1_3");
        same(verify_commit_trusting(chain, *set, signed_by, {2, 3}, extent::all),
             "trusting_2_3_all");
    }
    CHECK(cases == 21);
}

TEST_CASE("how many have to sign") {
    const auto id = id_of("block");
    const std::tuple<int, std::string, std::string> table[] = {
        {3, "ccc", ""},
        {1, "c", ""},
        {10, "aaaaacccnn",
         "invalid commit -- insufficient voting power: got 30, needed more than 66"},
        {1, "a", "invalid commit -- insufficient voting power: got 0, needed more than 6"},
        {1, "n", "invalid commit -- insufficient voting power: got 0, needed more than 6"},
        {9, "ccccccnnn",
         "invalid commit -- insufficient voting power: got 60, needed more than 60"},
        {9, "cccccccnn", ""},
        {4, "ccca", ""},
        {4, "ccaa", "invalid commit -- insufficient voting power: got 20, needed more than 26"},
    };
    for (const auto& [count, flags, wanted] : table) {
        const auto set = equals(count);
        const auto c = signed_commit(set, chain_id, height, round_t(0), id, some_time, flags);
        CHECK(error_of(verify_commit(chain_id, set, id, height, c)) == wanted);
        CHECK(error_of(verify_commit_light(chain_id, set, id, height, c)) == wanted);
        CHECK(error_of(verify_commit_light(chain_id, set, id, height, c, extent::all)) == wanted);
    }
    CHECK(without_signature(
              error_of(verify_commit("EpsilonEridani", equals(2), id, height,
                                     signed_commit(equals(2), chain_id, height, id, some_time)))) ==
          "wrong signature (#0)");
}

TEST_CASE("the light check stops when the power suffices, the full one does not") {
    const auto set = equals(4);
    const auto id = id_of("block");
    auto c = signed_commit(set, chain_id, height, id, some_time);
    c.signatures[3].sig = sign(9, view("something else"));
    CHECK(verify_commit_light(chain_id, set, id, height, c));
    CHECK(without_signature(error_of(verify_commit_light(chain_id, set, id, height, c,
                                                         extent::all))) == "wrong signature (#3)");
    CHECK(without_signature(error_of(verify_commit(chain_id, set, id, height, c))) ==
          "wrong signature (#3)");
    CHECK(verify_commit_trusting(chain_id, set, c, {1, 3}));
    CHECK(!verify_commit_trusting(chain_id, set, c, {1, 3}, extent::all));

    const auto light = prepare_commit_light(chain_id, set, id, height, c);
    const auto full = prepare_commit(chain_id, set, id, height, c);
    const auto trusting = prepare_commit_trusting(chain_id, set, c, {1, 3});
    REQUIRE((light && full && trusting));
    CHECK(light->items().size() == 3);
    CHECK(full->items().size() == 4);
    CHECK(trusting->items().size() == 2);
    CHECK(trusting->needed() == power_t(13));
    CHECK(trusting->tallied() == power_t(20));
}

TEST_CASE("signatures may be verified elsewhere and later") {
    const auto id = id_of("block");
    std::optional<commit_check> check;
    const auto c = signed_commit(equals(5), chain_id, height, round_t(2), id, some_time, "ccncc");
    {
        auto made = prepare_commit(chain_id, equals(5), id, height,
                                   c);  // its set does not outlive the block
        REQUIRE(made);
        check = std::move(*made);
    }
    REQUIRE(check->items().size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(equal(check->items()[i].message, sign_bytes(c.vote_at(i), chain_id)));
        CHECK(
            check->items()[i].key->verify(check->items()[i].message, check->items()[i].signature));
    }
    CHECK(check->conclude(std::nullopt));
    CHECK(error_of(check->conclude(3)).starts_with("wrong signature (#3): "));
}

TEST_CASE("nothing is verified where the power does not suffice") {
    const auto set = equals(3);
    const auto id = id_of("block");
    int calls = 0;
    const verifier counting = [&](std::span<const signed_item> items) {
        ++calls;
        return first_invalid(items);
    };
    const auto few = signed_commit(set, chain_id, height, round_t(0), id, some_time, "caa");
    CHECK(!verify_commit(chain_id, set, id, height, few, counting));
    CHECK(calls == 0);
    CHECK(verify_commit(chain_id, set, id, height,
                        signed_commit(set, chain_id, height, id, some_time), counting));
    CHECK(calls == 1);
    // Its word is taken.
    const verifier refuse = [](std::span<const signed_item>) {
        return std::optional<std::size_t>(1);
    };
    CHECK(error_of(verify_commit(chain_id, set, id, height,
                                 signed_commit(set, chain_id, height, id, some_time), refuse))
              .starts_with("wrong signature (#1): "));
}

TEST_CASE("trusted validators are found by address and counted once") {
    const auto ours = set_of({{0, 10}, {1, 10}, {2, 10}});
    const auto theirs = set_of({{2, 1}, {3, 1}, {4, 1}, {5, 1}});
    const auto id = id_of("block");
    auto c = signed_commit(theirs, chain_id, height, id, some_time);
    CHECK(error_of(verify_commit_trusting(chain_id, ours, c, {1, 3})) ==
          "invalid commit -- insufficient voting power: got 10, needed more than 10");
    CHECK(verify_commit_trusting(chain_id, ours, c, {1, 4}));
    CHECK(error_of(verify_commit_trusting(chain_id, ours, c, {1, 0})) ==
          "trustLevel has zero Denominator");

    auto twice = signed_commit(ours, chain_id, height, id, some_time);
    twice.signatures.insert(twice.signatures.begin(), twice.signatures[0]);
    CHECK(error_of(verify_commit_trusting(chain_id, ours, twice, {2, 3}))
              .starts_with("double vote from Validator{"));
    CHECK(error_of(verify_commit_trusting(chain_id, set_of({{0, total_power_max}}), c, {25, 55})) ==
          "int64 overflow while calculating voting power needed. please provide smaller trustLevel "
          "numerator");
    CHECK(error_of(verify_commit_trusting(chain_id, validator_set(), c, {1, 3})) ==
          "invalid commit -- insufficient voting power: got 0, needed more than 0");
}

TEST_CASE("a commit with an unknown flag is refused, whoever let it through") {
    const auto set = equals(2);
    const auto id = id_of("block");
    auto c = signed_commit(set, chain_id, height, id, some_time);
    c.signatures[1].flag = static_cast<block_id_flag>(9);
    CHECK(error_of(verify_commit(chain_id, set, id, height, c)) == "unknown BlockIDFlag: 9");
}

TEST_CASE("sets with keys of both kinds are verified one by one") {
    crypto::private_key other;
    REQUIRE(other.key.emplace<2>().assign(hash_of("secp256k1 key")));
    auto list = members({{0, 10}, {1, 10}});
    list.push_back(validator::of(other.public_key(), power_t(10)));
    const auto set = validator_set::make(list);
    REQUIRE(set);
    const auto id = id_of("block");
    commit c{height, round_t(0), id, {}};
    for (std::size_t i = 0; i < set->size(); ++i) {
        c.signatures.push_back({block_id_flag::commit, set->at(i).address, some_time, {}});
        const auto message = sign_bytes(c.vote_at(i), chain_id);
        if (set->at(i).key.is_ed25519()) {
            c.signatures[i].sig = sign(key_of(set->at(i).address), message);
        } else {
            const auto made = other.sign(message);
            REQUIRE(made);
            c.signatures[i].sig = *made;
        }
    }
    CHECK(verify_commit(chain_id, *set, id, height, c));
    for (std::size_t i = 0; i < 3; ++i) {
        auto bad = c;
        bad.signatures[i].time.nanos++;
        CHECK(error_of(verify_commit(chain_id, *set, id, height, bad))
                  .starts_with(format("wrong signature (#{}): ", i)));
    }
}

TEST_CASE("an extended commit has every extension signed") {
    const auto set = equals(4);
    const auto id = id_of("block");
    const auto whole = [&] {
        auto c = extended(signed_commit(set, chain_id, height, round_t(0), id, some_time, "cncc"));
        for (std::size_t i = 0; i < c.signatures.size(); ++i)
            if (auto& s = c.signatures[i]; s.flag == block_id_flag::commit) {
                s.extension = slice(bytes(i * 1000, 7));
                s.extension_sig =
                    sign(key_of(s.validator), extension_sign_bytes(c.vote_at(i), chain_id));
            }
        return c;
    }();
    CHECK(error_of(verify_extended_commit(chain_id, set, id, height, whole)).empty());
    const auto check = prepare_extended_commit(chain_id, set, id, height, whole);
    REQUIRE(check);
    CHECK(check->items().size() == 4 + 3);

    auto bad = whole;
    bad.signatures[2].extension = slice(to_bytes("another"));
    CHECK(error_of(verify_extended_commit(chain_id, set, id, height, bad)) ==
          "invalid vote extension signature (val #2): invalid signature");
    bad = whole;
    bad.signatures[0].extension_sig = {};
    CHECK(error_of(verify_extended_commit(chain_id, set, id, height, bad))
              .starts_with("vote extension signature is missing; validator addr "));
    bad = whole;
    bad.signatures[3].sig = sign(5, view("x"));
    CHECK(error_of(verify_extended_commit(chain_id, set, id, height, bad))
              .starts_with("wrong signature (#3): "));
    CHECK(error_of(verify_extended_commit(chain_id, set, id, height + 1, whole)) ==
          "Invalid commit -- wrong height: 101 vs 100");
}
