// SPDX-License-Identifier: Apache-2.0
#include "chain/commit.hpp"

#include "base/wire/json.hpp"
#include "tests/unit/chain/support.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

const timestamp some_time{1700000000, 5};

commit example() {
    return signed_commit(set_of({{0, 10}, {1, 10}, {2, 10}}), "chain", height_t(7), round_t(1),
                         id_of("block"), some_time, "can");
}

extended_commit extended_example() {
    auto c = extended(example());
    for (auto& s : c.signatures)
        if (s.flag == block_id_flag::commit) {
            s.extension = slice(to_bytes("extension"));
            s.extension_sig = signature(view("signature"));
        }
    return c;
}

}  // namespace

TEST_CASE("commits and their hashes are CometBFT's, byte for byte") {
    const vectors::group cases("commit");
    REQUIRE(cases.size() == 2);
    const auto c = decoded<commit>(vectors::hex(cases[0], "commit_proto"));
    CHECK(wire::encode(c) == vectors::hex(cases[0], "commit_proto"));
    CHECK(equal(c.hash(), vectors::hex(cases[0], "commit_hash")));
    REQUIRE(c.signatures.size() == 2);
    CHECK(wire::encode(c.signatures[0]) == vectors::hex(cases[0], "commit_sig_0"));
    CHECK(wire::encode(c.signatures[1]) == vectors::hex(cases[0], "commit_sig_1_absent"));
    CHECK(c.signatures[1] == commit_sig::absent());
    CHECK(check_shape(c));

    const auto empty = decoded<commit>(vectors::hex(cases[1], "commit_proto"));
    CHECK(wire::encode(empty) == vectors::hex(cases[1], "commit_proto"));
    CHECK(equal(empty.hash(), vectors::hex(cases[1], "commit_hash")));
    CHECK(empty == commit{});
    CHECK(check_shape(empty));
}

TEST_CASE("an absent signature prints as CometBFT's") {
    CHECK(
        to_json(commit_sig::absent()) ==
        R"({"block_id_flag":1,"validator_address":"","timestamp":"0001-01-01T00:00:00Z","signature":null})");
}

TEST_CASE("the vote of an entry is what its validator signed") {
    const auto c = example();
    const auto for_block = c.vote_at(0), for_nil = c.vote_at(2);
    CHECK(for_block.block == c.block);
    CHECK(for_nil.is_nil());
    CHECK(for_nil.validator_index == 2);
    CHECK(verify(for_block, "chain", public_key(key_of(for_block.validator))));
    CHECK(verify(for_nil, "chain", public_key(key_of(for_nil.validator))));
    CHECK(check_shape(for_block));
    CHECK(commit_sig_of(for_block) == c.signatures[0]);
    CHECK(commit_sig_of(for_nil) == c.signatures[2]);
}

TEST_CASE("the shape of a commit is checked field by field") {
    const std::pair<std::function<void(commit&)>, std::string> table[] = {
        {[](commit&) {}, ""},
        {[](commit& c) { c.height = height_t(-100); }, "negative Height"},
        {[](commit& c) { c.round = round_t(-100); }, "negative Round"},
        {[](commit& c) { c.block = {}; }, "commit cannot be for nil block"},
        {[](commit& c) { c.signatures.clear(); }, "no signatures in commit"},
        {[](commit& c) { c = commit{}; }, ""},
        {[](commit& c) { c.signatures[1].flag = {}; },
         "wrong CommitSig #1: unknown BlockIDFlag: 0"},
        {[](commit& c) { c.signatures[1].flag = static_cast<block_id_flag>(4); },
         "wrong CommitSig #1: unknown BlockIDFlag: 4"},
        {[](commit& c) { c.signatures[1].validator = c.signatures[0].validator; },
         "wrong CommitSig #1: validator address is present"},
        {[](commit& c) { c.signatures[1].time = some_time; },
         "wrong CommitSig #1: time is present"},
        {[](commit& c) { c.signatures[1].sig = c.signatures[0].sig; },
         "wrong CommitSig #1: signature is present"},
        {[](commit& c) { c.signatures[2].validator = {}; },
         "wrong CommitSig #2: expected ValidatorAddress size to be 20 bytes, got 0 bytes"},
        {[](commit& c) { c.signatures[0].sig = {}; }, "wrong CommitSig #0: signature is missing"},
        // At height 0 entries are not looked at, as there.
        {[](commit& c) { c.height = height_t(0), c.signatures[0].sig = {}; }, ""},
    };
    for (const auto& [spoil, wanted] : table) {
        auto c = example();
        spoil(c);
        CHECK(error_of(check_shape(c)) == wanted);
    }
}

TEST_CASE("the shape of an extended commit is checked too") {
    const std::pair<std::function<void(extended_commit&)>, std::string> table[] = {
        {[](extended_commit&) {}, ""},
        {[](extended_commit& c) { c.block = {}; }, "extended commit cannot be for nil block"},
        {[](extended_commit& c) { c.signatures.clear(); }, "no signatures in commit"},
        {[](extended_commit& c) { c.signatures[0].sig = {}; },
         "wrong ExtendedCommitSig #0: signature is missing"},
        {[](extended_commit& c) { c.signatures[0].extension = slice(bytes(extension_bytes_max)); },
         ""},
        {[](extended_commit& c) {
             c.signatures[0].extension = slice(bytes(extension_bytes_max + 1));
         },
         "wrong ExtendedCommitSig #0: vote extension is too big (max: 1048576)"},
        {[](extended_commit& c) { c.signatures[2].extension = slice(bytes(1)); },
         "wrong ExtendedCommitSig #2: vote extension signature absent on vote with extension"},
        {[](extended_commit& c) { c.signatures[1].extension = slice(bytes(1)); },
         "wrong ExtendedCommitSig #1: vote extension signature absent on vote with extension"},
    };
    for (const auto& [spoil, wanted] : table) {
        auto c = extended_example();
        spoil(c);
        CHECK(error_of(check_shape(c)) == wanted);
    }
}

TEST_CASE("extensions are there exactly where they have to be") {
    const auto with = [](std::size_t entry, std::string_view extension, std::string_view sig) {
        auto c = extended_example();
        c.signatures[entry].extension = slice(to_bytes(extension));
        c.signatures[entry].extension_sig = signature(view(sig));
        return c;
    };
    const auto who = [](std::size_t entry) {
        return format("; validator addr {}, timestamp 2023-11-14 22:13:20.000000005 +0000 UTC",
                      to_hex_upper(example().signatures[entry].validator));
    };
    const auto none = extended(example());
    CHECK(ensure_extensions(extended_example(), true));
    CHECK(ensure_extensions(with(0, "", "signature"), true));
    CHECK(error_of(ensure_extensions(none, true)) ==
          "vote extension signature is missing" + who(0));
    CHECK(error_of(ensure_extensions(with(2, "x", ""), true)) ==
          "non-commit vote extension present" + who(2));
    CHECK(error_of(ensure_extensions(with(2, "", "x"), true)) ==
          "non-commit vote extension signature present" + who(2));
    CHECK(error_of(ensure_extensions(with(1, "", "x"), true)) ==
          "non-commit vote extension signature present; validator addr , timestamp 0001-01-01 "
          "00:00:00 +0000 UTC");

    CHECK(ensure_extensions(none, false));
    CHECK(error_of(ensure_extensions(with(0, "x", ""), false)) ==
          "vote extension present but extensions disabled" + who(0));
    CHECK(error_of(ensure_extensions(with(0, "", "x"), false)) ==
          "vote extension signature present but extensions disabled" + who(0));
}

TEST_CASE("an extended commit holds a commit and more") {
    const auto c = extended_example();
    CHECK(c.to_commit() == example());
    CHECK(bits_text(c.voters()) == "x_x");
    const auto v = c.vote_at(0);
    CHECK(text(v.extension) == "extension");
    CHECK(!v.extension_sig.empty());
    CHECK(c.vote_at(2).is_nil());
    CHECK(wire::encode(decoded<extended_commit>(wire::encode(c))) == wire::encode(c));
    CHECK(decoded<extended_commit>(wire::encode(c)) == c);
}
