// SPDX-License-Identifier: Apache-2.0
// What the tests of chain/ share: the keys of the oracle, members of sets by name, signed commits, and a chain that grows.
#pragma once

#include "base/crypto/hash.hpp"
#include "base/crypto/keys.hpp"
#include "base/text.hpp"
#include "chain/commit.hpp"
#include "chain/ids.hpp"
#include "chain/validator_set.hpp"
#include "tests/vectors/vectors.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace tetrad::chain::test {

constexpr int keys_count = 24;

/// The keys of chain_oracle.json: seeds are hashes of a text.
inline const std::vector<crypto::private_key>& keys() {
    static const auto all = [] {
        std::vector<crypto::private_key> made;
        for (int i = 0; i < keys_count; ++i)
            made.push_back(
                crypto::private_key::from_seed(crypto::sha256(view(format("oracle key {}", i)))));
        return made;
    }();
    return all;
}
inline crypto::public_key public_key(int i) {
    return keys().at(static_cast<std::size_t>(i)).public_key();
}

/// The key with this address.
inline int key_of(byte_view address) {
    for (int i = 0; i < keys_count; ++i)
        if (equal(public_key(i).address(), address))
            return i;
    FAIL("no key has address " << to_hex_upper(address));
    return -1;
}

inline validator member(int key, std::int64_t power) {
    return validator::of(public_key(key), power_t(power));
}

struct key_power {
    int key;
    std::int64_t power;
};
inline std::vector<validator> members(const std::vector<key_power>& list) {
    std::vector<validator> out;
    for (const auto& [key, power] : list)
        out.push_back(member(key, power));
    return out;
}
inline validator_set set_of(const std::vector<key_power>& list) {
    auto made = validator_set::make(members(list));
    REQUIRE(made);
    return *made;
}

struct named_power {
    std::string name;
    std::int64_t power;
    bool operator==(const named_power&) const = default;
};
/// Members whose addresses are names and that have no keys, as CometBFT's tests of sets have them.
inline std::vector<validator> named(const std::vector<named_power>& list) {
    std::vector<validator> out;
    for (const auto& [name, power] : list)
        out.push_back({address(view(name)), {}, power_t(power), 0});
    return out;
}
inline std::vector<named_power> names(const validator_set& set) {
    std::vector<named_power> out;
    for (const auto& m : set)
        out.push_back({std::string(text(m.address)), m.power.v});
    return out;
}

inline std::vector<named_power> named_powers(const json::value& list) {
    std::vector<named_power> out;
    for (const auto e : list.elements())
        out.push_back({vectors::text(vectors::at(e, 0)), vectors::int64(vectors::at(e, 1))});
    return out;
}

/// What must hold of a set that was changed and not yet incremented: centred, within its window, in order, found by address.
inline void check_invariants(const validator_set& set) {
    __extension__ using wide = __int128;
    wide sum = 0;
    std::int64_t total = 0, low = INT64_MAX, high = INT64_MIN;
    for (const auto& m : set) {
        sum += m.priority;
        total += m.power.v;
        low = std::min(low, m.priority);
        high = std::max(high, m.priority);
    }
    const auto n = static_cast<wide>(set.size());
    CHECK((sum < n && sum > -n));
    CHECK(high - low <= 2 * total);
    CHECK(set.total_power().v == total);
    CHECK(std::is_sorted(set.begin(), set.end(), stands_before));
    for (std::size_t i = 0; i < set.size(); ++i)
        CHECK(set.index_of(set.at(i).address) == i);
}

/// "" where all is well.
template <class T>
std::string error_of(const result<T>& r) {
    return r ? "" : r.error().text;
}

inline hash256 hash_of(std::string_view t) { return crypto::sha256(view(t)); }

inline block_id id_of(std::string_view name) {
    return {hash_of(name), {1, hash_of(std::string(name) + " parts")}};
}

inline signature sign(int key, byte_view message) {
    auto made = keys().at(static_cast<std::size_t>(key)).sign(message);
    REQUIRE(made);
    return *made;
}

/// One letter a member: c(ommit), n(il), a(bsent).
inline commit signed_commit(const validator_set& set, std::string_view chain_id, height_t height,
                            round_t round, const block_id& id, timestamp time,
                            std::string_view flags) {
    REQUIRE(flags.size() == set.size());
    commit c{height, round, id, {}};
    for (std::size_t i = 0; i < set.size(); ++i) {
        c.signatures.push_back(commit_sig::absent());
        if (flags[i] == 'a')
            continue;
        auto& s = c.signatures.back();
        s = {flags[i] == 'c' ? block_id_flag::commit : block_id_flag::nil,
             set.at(i).address,
             time,
             {}};
        s.sig = sign(key_of(s.validator), sign_bytes(c.vote_at(i), chain_id));
    }
    return c;
}

inline commit signed_commit(const validator_set& set, std::string_view chain_id, height_t height,
                            const block_id& id, timestamp time) {
    return signed_commit(set, chain_id, height, round_t(0), id, time, std::string(set.size(), 'c'));
}

/// tests/vectors/chain_oracle.json.
inline const json::document& oracle() {
    static const auto parsed = [] {
        std::ifstream in(TETRAD_TESTS_DIR "/vectors/chain_oracle.json", std::ios::binary);
        REQUIRE(in);
        auto d = json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
        REQUIRE(d);
        return std::move(*d);
    }();
    return parsed;
}
inline json::value oracle(std::string_view section) {
    return vectors::at(oracle().root(), section);
}

template <class T>
T decoded(byte_view encoded) {
    auto m = wire::decode<T>(encoded);
    REQUIRE(m);
    return *m;
}

inline std::string optional_text(const json::value& c, std::string_view name) {
    return vectors::has(c, name) ? vectors::text(c, name) : std::string();
}

}  // namespace tetrad::chain::test
