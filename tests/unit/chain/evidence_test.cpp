// SPDX-License-Identifier: Apache-2.0
#include "chain/evidence.hpp"

#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

vote some_vote(const block_id& id) {
    vote v;
    v.type = vote_type::precommit;
    v.height = height_t(10);
    v.round = round_t(2);
    v.block = id;
    v.time = {1700000000, 0};
    v.validator = public_key(0).address();
    v.sig = sign(0, sign_bytes(v, "chain"));
    return v;
}

light_client_attack attack_on(const validator_set& set, const header& made_up,
                              std::string_view flags, round_t round) {
    light_client_attack a;
    a.conflicting.emplace();
    a.conflicting->signed_header.emplace();
    a.conflicting->signed_header->header = made_up;
    a.conflicting->signed_header->commit =
        signed_commit(set, "chain", made_up.height, round, {made_up.hash(), {1, hash_of("parts")}},
                      made_up.time, flags);
    a.conflicting->validators = set.record();
    a.common_height = height_t(4);
    a.total_power = set.total_power();
    a.time = {1690000000, 0};
    return a;
}

header some_header(const validator_set& set) {
    header h;
    h.version = {block_protocol, 0};
    h.chain_id = "chain";
    h.height = height_t(9);
    h.time = {1700000000, 0};
    h.validators_hash = set.hash();
    h.app_hash = to_bytes("app");
    h.proposer = set.at(0).address;
    return h;
}

}  // namespace

TEST_CASE("evidence is encoded and hashed as CometBFT's tests have it") {
    const vectors::group lists("evidence_list"), hashes("evidence_hash");
    const auto list = decoded<evidence_list>(vectors::hex(lists[0], "hex"));
    CHECK(wire::encode(list) == vectors::hex(lists[0], "hex"));
    REQUIRE(list.evidence.size() == 1);
    CHECK(list.evidence[0].leaf() == vectors::hex(hashes[0], "proto"));
    CHECK(equal(list.evidence[0].hash(), vectors::hex(hashes[0], "evidence_hash")));
    CHECK(equal(list.hash(), vectors::hex(hashes[0], "evidence_list_hash")));
    CHECK(evidence_list{}.hash() == crypto::sha256(byte_view()));
}

TEST_CASE("the hash of an attack leaves out a byte of the block's hash") {
    const vectors::group headers("header_hash");
    const auto& c = headers[0];
    for (const auto& a : vectors::group("lca_evidence_hash")) {
        // Its conflicting block is the header of that other group.
        header h;
        h.version = {1, 2};
        h.chain_id = "chainId";
        h.height = height_t(3);
        h.time = vectors::time(c, "time");
        h.last_block = {hash256{}, {6, hash256{}}};
        h.last_commit_hash = hash_of("last_commit_hash");
        h.data_hash = hash_of("data_hash");
        h.validators_hash = hash_of("validators_hash");
        h.next_validators_hash = hash_of("next_validators_hash");
        h.consensus_hash = hash_of("consensus_hash");
        h.app_hash = to_bytes(hash_of("app_hash"));
        h.last_results_hash = hash_of("last_results_hash");
        h.evidence_hash = hash_of("evidence_hash");
        h.proposer = address(byte_view(hash_of("proposer_address")).first(20));
        REQUIRE(equal(h.hash(), vectors::hex(a, "conflicting_block_hash")));
        light_client_attack attack;
        attack.conflicting = light_block{signed_header{h, std::nullopt}, std::nullopt};
        attack.common_height = height_t(vectors::int64(a, "common_height"));
        CHECK(equal(evidence{attack}.hash(), vectors::hex(a, "hash")));
    }
}

TEST_CASE("evidence that CometBFT made decodes, encodes, prints and hashes the same") {
    int attacks = 0;
    for (const auto c : oracle("evidence").elements()) {
        INFO(vectors::text(c, "name"));
        const auto encoded = vectors::hex(c, "proto");
        const auto e = decoded<evidence>(encoded);
        CHECK(wire::encode(e) == encoded);
        CHECK(equal(e.hash(), vectors::hex(c, "hash")));
        CHECK(error_of(check_shape(e)) == vectors::text(c, "validate_basic"));
        attacks += std::holds_alternative<light_client_attack>(e.what);
        if (vectors::has(c, "json")) {
            CHECK(to_json(e) == vectors::text(c, "json"));
            const auto back = from_json<evidence>(vectors::text(c, "json"));
            REQUIRE(back);
            CHECK(*back == e);
        }
    }
    CHECK(attacks == 4);
}

TEST_CASE("two votes are put in the order of their blocks") {
    const auto set = set_of({{0, 10}, {1, 7}});
    const auto x = some_vote(id_of("x")), y = some_vote(id_of("y"));
    const bool x_first = x.block.key() < y.block.key();
    for (const auto& [one, other] : {std::pair(x, y), std::pair(y, x)}) {
        const auto d = make_duplicate_vote(one, other, {5, 0}, set);
        REQUIRE(d);
        CHECK(*d->a == (x_first ? x : y));
        CHECK(*d->b == (x_first ? y : x));
        CHECK(d->total_power.v == 17);
        CHECK(d->validator_power.v == 10);
        CHECK(check_shape(*d));
        const evidence e{*d};
        CHECK(e.height() == height_t(10));
        CHECK(e.time() == timestamp{5, 0});
    }
    CHECK(error_of(make_duplicate_vote(x, y, {5, 0}, set_of({{1, 7}}))) ==
          format("validator {} not in validator set", to_hex_upper(x.validator)));
}

TEST_CASE("the shape of evidence of two votes") {
    const auto good = make_duplicate_vote(some_vote(id_of("x")), some_vote(id_of("y")), {5, 0},
                                          set_of({{0, 10}}));
    REQUIRE(good);
    const std::pair<std::function<void(duplicate_vote&)>, std::string> table[] = {
        {[](duplicate_vote&) {}, ""},
        {[](duplicate_vote& d) { d.a.reset(); },
         "one or both of the votes are empty nil-Vote, Vote{"},
        {[](duplicate_vote& d) { d.b.reset(); }, "one or both of the votes are empty Vote{"},
        {[](duplicate_vote& d) { d.a.reset(), d.b.reset(); },
         "one or both of the votes are empty nil-Vote, nil-Vote"},
        {[](duplicate_vote& d) { d.a->type = {}; }, "invalid VoteA: invalid Type"},
        {[](duplicate_vote& d) { d.b->height = height_t(-1); },
         "invalid VoteB: negative or zero Height"},
        {[](duplicate_vote& d) { std::swap(d.a, d.b); }, "duplicate votes in invalid order"},
        {[](duplicate_vote& d) { d.a = d.b; }, "duplicate votes in invalid order"},
    };
    for (const auto& [spoil, wanted] : table) {
        auto d = *good;
        spoil(d);
        const auto got = error_of(check_shape(evidence{d}));
        INFO(got);
        CHECK((wanted.empty() ? got.empty() : got.starts_with(wanted)));
    }
    CHECK(error_of(check_shape(evidence{})) == "evidence is not recognized");
}

TEST_CASE("the shape of evidence of an attack") {
    const auto set = set_of({{0, 10}, {1, 20}, {2, 30}});
    const std::pair<std::function<void(light_client_attack&)>, std::string> table[] = {
        {[](light_client_attack&) {}, ""},
        {[](light_client_attack& a) { a.conflicting.reset(); }, "conflicting block is nil"},
        {[](light_client_attack& a) { a.conflicting->signed_header.reset(); },
         "conflicting block missing signed header"},
        {[](light_client_attack& a) { a.conflicting->signed_header->header.reset(); },
         "conflicting block missing header"},
        {[](light_client_attack& a) { a.total_power = power_t(0); },
         "negative or zero total voting power"},
        {[](light_client_attack& a) { a.common_height = height_t(0); },
         "negative or zero common height"},
        {[](light_client_attack& a) { a.common_height = height_t(10); },
         "common height is ahead of the conflicting block height (10 > 9)"},
        {[](light_client_attack& a) { a.conflicting->validators.reset(); },
         "invalid conflicting light block: missing validator set"},
        {[](light_client_attack& a) { a.conflicting->signed_header->commit.reset(); },
         "invalid conflicting light block: invalid signed header: missing commit"},
        {[](light_client_attack& a) { a.byzantine.emplace_back(); },
         "fromproto: key type <nil> is not supported"},
    };
    for (const auto& [spoil, wanted] : table) {
        auto a = attack_on(set, some_header(set), "ccc", round_t(0));
        spoil(a);
        CHECK(error_of(check_shape(evidence{a})) == wanted);
    }
}

TEST_CASE("who is to blame depends on the kind of attack") {
    const auto set = set_of({{0, 10}, {1, 20}, {2, 30}, {3, 40}});
    const auto trusted_header = some_header(set);
    const signed_header trusted{
        trusted_header,
        signed_commit(set, "chain", height_t(9), round_t(1),
                      {trusted_header.hash(), {1, hash_of("p")}}, {1700000000, 0}, "cacn")};
    const auto powers = [](const std::vector<validator>& list) {
        std::vector<std::int64_t> out;
        for (const auto& v : list)
            out.push_back(v.power.v);
        return out;
    };

    // Lunatic: what the state decides was made up; everybody of the common set who signed it.
    auto made_up = trusted_header;
    made_up.app_hash = to_bytes("other");
    const auto common = set_of({{0, 10}, {1, 20}, {3, 40}});
    const auto lunatic = attack_on(set, made_up, "ccca", round_t(1));
    CHECK(is_lunatic(lunatic, trusted_header));
    CHECK(powers(byzantine_validators(lunatic, common, trusted)) ==
          std::vector<std::int64_t>{40, 20});

    // Equivocation: a valid header, both signed in the same round by these.
    auto sibling = trusted_header;
    sibling.data_hash = hash_of("other transactions");
    const auto equivocation = attack_on(set, sibling, "cccc", round_t(1));
    CHECK(!is_lunatic(equivocation, trusted_header));
    CHECK(powers(byzantine_validators(equivocation, set, trusted)) ==
          std::vector<std::int64_t>{40, 20});

    // Amnesia: another round; nobody can be named.
    const auto amnesia = attack_on(set, sibling, "cccc", round_t(0));
    CHECK(byzantine_validators(amnesia, set, trusted).empty());
}
