// SPDX-License-Identifier: Apache-2.0
#include "chain/validator_set.hpp"

#include "base/crypto/merkle.hpp"
#include "base/random.hpp"
#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

std::vector<std::int64_t> integers(const json::value& list) {
    std::vector<std::int64_t> out;
    for (const auto e : list.elements())
        out.push_back(vectors::int64(e));
    return out;
}

}  // namespace

TEST_CASE("proposers take turns as in CometBFT's first test") {
    for (const auto& c : vectors::group("proposer_sequence")) {
        auto set = validator_set::make(named(named_powers(vectors::at(c, "validators"))));
        REQUIRE(set);
        int turns = 0;
        for (const auto wanted : vectors::at(c, "expect").elements()) {
            CHECK(text(set->proposer().address) == vectors::text(wanted));
            set->increment(1);
            ++turns;
        }
        CHECK(turns == 99);
    }
}

TEST_CASE("proposers take turns by power as in CometBFT's second test") {
    for (const auto& c : vectors::group("proposer_selection2")) {
        std::vector<validator> list;
        for (const auto power : integers(vectors::at(c, "powers"))) {
            fixed<20> a;
            a.data[19] = static_cast<std::uint8_t>(list.size());
            list.push_back({a, {}, power_t(power), 0});
        }
        auto set = validator_set::make(list);
        REQUIRE(set);
        if (vectors::has(c, "first"))
            for (const auto wanted : integers(vectors::at(c, "first"))) {
                CHECK(byte_view(set->proposer().address)[19] == wanted);
                set->increment(1);
            }
        if (vectors::has(c, "counts_in_120")) {
            std::vector<std::int64_t> counts(list.size());
            for (int i = 0; i < 120; ++i, set->increment(1))
                ++counts[byte_view(set->proposer().address)[19]];
            CHECK(counts == integers(vectors::at(c, "counts_in_120")));
        }
    }
}

TEST_CASE("sets that CometBFT changed step by step come out the same") {
    const auto changes_of = [](const json::value& list) {
        std::vector<validator> out;
        for (const auto c : list.elements())
            out.push_back(
                member(static_cast<int>(vectors::int64(c, "key")), vectors::int64(c, "power")));
        return out;
    };
    const auto compare_with = [](const validator_set& set, const json::value& wanted) {
        std::size_t i = 0;
        for (const auto m : vectors::at(wanted, "members").elements()) {
            const auto numbers = integers(m);
            REQUIRE(i < set.size());
            CHECK(set.at(i).key == public_key(static_cast<int>(numbers[0])));
            CHECK(set.at(i).power.v == numbers[1]);
            CHECK(set.at(i).priority == numbers[2]);
            ++i;
        }
        CHECK(i == set.size());
        CHECK(set.proposer().key ==
              public_key(static_cast<int>(vectors::int64(wanted, "proposer"))));
        CHECK(set.total_power().v == vectors::int64(wanted, "total"));
        CHECK(equal(set.hash(), vectors::hex(wanted, "hash")));
    };
    int steps = 0, refused = 0;
    for (const auto sequence : oracle("validator_sets").elements()) {
        auto set = validator_set::make(changes_of(vectors::at(sequence, "start")));
        REQUIRE(set);
        compare_with(*set, vectors::at(sequence, "first"));
        for (const auto step : vectors::at(sequence, "steps").elements()) {
            ++steps;
            const auto before = *set;
            if (vectors::has(step, "changes")) {
                const auto done = set->update(changes_of(vectors::at(step, "changes")));
                CHECK(error_of(done) == optional_text(step, "error"));
                if (!done) {
                    ++refused;
                    CHECK(*set == before);
                    continue;
                }
            }
            set->increment(static_cast<std::int32_t>(vectors::int64(step, "times")));
            compare_with(*set, vectors::at(step, "after"));
        }
    }
    CHECK(steps == 28 * 8);
    CHECK(refused > 5);
}

TEST_CASE("several turns at once are as many single ones where the window holds") {
    auto one_by_one = set_of({{0, 7}, {1, 11}, {2, 2}, {3, 30}});
    auto at_once = one_by_one;
    for (int i = 0; i < 37; ++i)
        one_by_one.increment(1);
    at_once.increment(37);
    CHECK(one_by_one == at_once);
}

TEST_CASE("a copy keeps what it had") {
    const auto before = set_of({{0, 7}, {1, 11}});
    auto after = before;
    after.increment(3);
    REQUIRE(after.update(members({{2, 5}})));
    CHECK(before.size() == 2);
    CHECK(after.size() == 3);
    CHECK(before == set_of({{0, 7}, {1, 11}}));
    CHECK(!(before == after));
    CHECK(before.incremented(3).hash() == before.hash());
}

TEST_CASE("the empty set") {
    const validator_set none;
    CHECK(none.empty());
    CHECK(none.total_power().v == 0);
    CHECK(none.hash() == crypto::merkle_builder().root());
    CHECK(!none.find(public_key(0).address()));
    CHECK(none.has_one_key_type());
    CHECK(none.record() == validator_set_record{});
    const auto made = validator_set::make({});
    REQUIRE(made);
    CHECK(*made == none);
    for (const auto& c : vectors::group("validators_hash"))
        if (vectors::at(c, "validators").size() == 0)
            CHECK(equal(none.hash(), vectors::hex(c, "hash")));
}

TEST_CASE("the hash of a set is CometBFT's") {
    for (const auto& c : vectors::group("validators_hash")) {
        std::vector<validator> list;
        for (const auto v : vectors::at(c, "validators").elements())
            list.push_back(
                validator::of(crypto::public_key(fixed<32>::from(vectors::hex(v, "pub"))),
                              power_t(vectors::int64(v, "power"))));
        std::reverse(list.begin(), list.end());  // the set sorts
        const auto set = validator_set::make(list);
        REQUIRE(set);
        CHECK(equal(set->hash(), vectors::hex(c, "hash")));
    }
}

TEST_CASE("a set has one kind of keys or several") {
    CHECK(set_of({{0, 1}, {1, 1}}).has_one_key_type());
    auto list = members({{0, 1}, {1, 1}});
    const auto other = crypto::public_key::from(
        "secp256k1",
        *from_hex("02950e1cdfcb133d6024109fd489f734eeb4502418e538c28481f22bce276f248c"));
    REQUIRE(other);
    list.push_back(validator::of(*other, power_t(1)));
    const auto mixed = validator_set::make(list);
    REQUIRE(mixed);
    CHECK(!mixed->has_one_key_type());
}

TEST_CASE("members are found by address, the first of doubles") {
    std::vector<key_power> list;
    for (int i = 0; i < keys_count; ++i)
        list.push_back({i, 1 + i % 5});
    const auto set = set_of(list);
    for (std::size_t i = 0; i < set.size(); ++i)
        CHECK(set.index_of(set.at(i).address) == i);
    CHECK(std::is_sorted(set.begin(), set.end(), stands_before));
    CHECK(!set.has(view("nobody")));
    CHECK(!set.has({}));

    validator_set_record doubles{members({{1, 5}, {0, 9}, {1, 7}}), member(1, 5)};
    const auto odd = validator_set::from(doubles);
    REQUIRE(odd);
    CHECK(odd->index_of(public_key(1).address()) == 0u);
    CHECK(odd->record() == doubles);  // neither sorted nor cleaned
}

TEST_CASE("a received set is taken only where it holds together") {
    const auto whole = set_of({{0, 10}, {1, 20}}).record();
    REQUIRE(whole.proposer);
    auto without_proposer = whole, keyless = whole, stranger = whole, keyless_proposer = whole,
         wrong_address = whole, too_much = whole, negative = whole;
    without_proposer.proposer.reset();
    keyless.validators[1].key = {};
    stranger.proposer = member(2, 5);
    keyless_proposer.proposer->key = {};
    wrong_address.validators[0].address = public_key(9).address();
    too_much.validators[0].power = too_much.validators[1].power = power_t(total_power_max);
    negative.validators[0].power = power_t(-1);
    const std::pair<validator_set_record, std::string> table[] = {
        {whole, ""},
        {{}, "fromProto: validatorSet proposer error: nil validator"},
        {{{}, member(0, 1)}, "validator set is nil or empty"},
        {without_proposer, "fromProto: validatorSet proposer error: nil validator"},
        {keyless, "fromproto: key type <nil> is not supported"},
        {keyless_proposer,
         "fromProto: validatorSet proposer error: fromproto: key type <nil> is not supported"},
        {stranger, "proposer not in validator set"},
        {wrong_address,
         "invalid validator #0: validator address is incorrectly derived from pubkey. Exp: "},
        {too_much, "total voting power 2305843009213693950 exceeds maximum 1152921504606846975"},
        {negative, "invalid validator #0: validator has negative voting power"},
    };
    for (const auto& [record, wanted] : table) {
        const auto got = error_of(validator_set::from(record));
        INFO(got);
        CHECK(got.starts_with(wanted));
        CHECK(got.empty() == wanted.empty());
    }
    CHECK(validator_set::from_or_empty({}).has_value());
    CHECK(!validator_set::from_or_empty(without_proposer));
}

TEST_CASE("a set survives its encoding, and a proposer of its own does too") {
    auto set = set_of({{0, 10}, {1, 20}, {2, 5}});
    set.increment(4);
    auto record = set.record();
    const auto encoded = wire::encode(record);
    CHECK(decoded<validator_set_record>(encoded) == record);
    const auto back = validator_set::from(record);
    REQUIRE(back);
    CHECK(*back == set);
    CHECK(back->incremented(2) == set.incremented(2));

    record.proposer = set.at(2);
    record.proposer->priority = 12345;
    const auto odd = validator_set::from(record);
    REQUIRE(odd);
    CHECK(odd->record() == record);
    CHECK(odd->proposer().priority == 12345);
}

TEST_CASE("a set known by its priorities finds who was charged last") {
    auto set = set_of({{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}});
    set.increment(5);
    auto listed = set.record().validators;
    std::reverse(listed.begin(), listed.end());
    const auto known = validator_set::from_existing(listed);
    REQUIRE(known);
    CHECK(*known == set);
    CHECK(known->incremented(3) == set.incremented(3));
    CHECK(error_of(validator_set::from_existing({})) == "validator set is empty");
    CHECK(error_of(validator_set::from_existing({validator{}})) ==
          "can't create validator set: validator does not have a public key");
}

TEST_CASE("updates name every member") {
    const auto updates = updates_of(set_of({{0, 10}, {1, 20}}));
    CHECK(updates == std::vector<validator_update>{{public_key(1), power_t(20)},
                                                   {public_key(0), power_t(10)}});
}
