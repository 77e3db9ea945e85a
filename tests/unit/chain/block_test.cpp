// SPDX-License-Identifier: Apache-2.0
#include "chain/block.hpp"

#include "base/random.hpp"
#include "base/wire/json.hpp"
#include "chain/part_set.hpp"
#include "tests/unit/chain/growing_chain.hpp"

#include <functional>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

duplicate_vote some_evidence() {
    const auto vote_for = [](std::string_view name) {
        vote v;
        v.type = vote_type::prevote;
        v.height = height_t(1);
        v.block = id_of(name);
        v.time = {1700000000, 0};
        v.validator = public_key(0).address();
        v.sig = sign(0, sign_bytes(v, "growing"));
        return v;
    };
    auto d = make_duplicate_vote(vote_for("x"), vote_for("y"), {1700000000, 0}, set_of({{0, 10}}));
    REQUIRE(d);
    return *d;
}

block example() {
    growing_chain chain({{0, 10}, {1, 20}, {2, 30}});
    chain.grow(2);
    return chain.make({slice(to_bytes("a=1")), slice(), slice(bytes(300, 7))},
                      {{evidence{some_evidence()}}});
}

// Encoded once more as a sender would who is not careful about one thing.
bytes encoded_with(const block& b, const std::function<void(bytes&)>& last) {
    auto raw = wire::encode(b);
    last(raw);
    return raw;
}

}  // namespace

TEST_CASE("the room for transactions is CometBFT's") {
    for (const auto& c : vectors::group("max_data_bytes")) {
        const auto left =
            data_bytes_max(vectors::int64(c, "max_bytes"), vectors::int64(c, "evidence"),
                           static_cast<std::size_t>(vectors::int64(c, "vals")));
        const auto wanted = vectors::at(c, "expect");
        CHECK(left.has_value() == !wanted.is_null());
        if (left && !wanted.is_null())
            CHECK(*left == vectors::int64(wanted));
    }
}

TEST_CASE("header and commit take at most what is set aside for them") {
    header h;
    h.version = {UINT64_MAX, UINT64_MAX};
    h.chain_id.assign(50, 'c');
    h.height = height_t(INT64_MAX);
    h.time = {timestamp::zero_seconds, 999'999'999};  // before 1970 seconds take ten bytes
    h.last_block = {hash256{}, {UINT32_MAX, hash256{}}};
    h.last_commit_hash = h.data_hash = h.validators_hash = h.next_validators_hash =
        h.consensus_hash = hash256{};
    h.last_results_hash = h.evidence_hash = hash256{};
    h.app_hash.assign(32, 1);
    h.proposer = fixed<20>{};
    CHECK(wire::encoded_size(h) <= static_cast<std::size_t>(header_bytes_max));

    commit c{height_t(INT64_MAX), round_t(INT32_MAX), h.last_block, {}};
    const commit_sig longest{block_id_flag::nil, fixed<20>{}, h.time, fixed<64>{}};
    CHECK(wire::encoded_size(longest) == static_cast<std::size_t>(commit_sig_bytes_max));
    CHECK(wire::encoded_size(c) == static_cast<std::size_t>(commit_overhead_bytes_max));
    c.signatures.assign(7, longest);
    CHECK(wire::encoded_size(c) == static_cast<std::size_t>(commit_bytes_max(7)));
}

TEST_CASE("the shape of a block is checked part by part") {
    const std::pair<std::function<void(block&)>, std::string> table[] = {
        {[](block&) {}, ""},
        {[](block& b) { b.header.proposer = {}; },
         "invalid header: invalid ProposerAddress length; got: 0, expected: 20"},
        {[](block& b) { b.header.height = height_t(0); }, "invalid header: zero Height"},
        {[](block& b) { b.header.last_commit_hash = hash_of("x"); },
         "wrong Header.LastCommitHash. Expected "},
        {[](block& b) { b.last_commit->signatures.pop_back(); },
         "wrong Header.LastCommitHash. Expected "},
        {[](block& b) { b.last_commit->signatures.clear(); },
         "wrong LastCommit: no signatures in commit"},
        {[](block& b) { b.last_commit.reset(); }, "nil LastCommit"},
        {[](block& b) { b.last_commit->signatures[1].sig = {}; },
         "wrong LastCommit: wrong CommitSig #1: signature is missing"},
        {[](block& b) { b.header.data_hash = hash_of("x"); }, "wrong Header.DataHash. Expected "},
        {[](block& b) { b.data.txs[0] = slice(to_bytes("something else")); },
         "wrong Header.DataHash. Expected "},
        {[](block& b) { b.data.txs.pop_back(); }, "wrong Header.DataHash. Expected "},
        {[](block& b) { b.header.evidence_hash = hash_of("x"); },
         "wrong Header.EvidenceHash. Expected "},
        {[](block& b) { b.evidence.evidence.clear(); }, "wrong Header.EvidenceHash. Expected "},
        {[](block& b) { std::get<duplicate_vote>(b.evidence.evidence[0].what).a.reset(); },
         "invalid evidence (#0): one or both of the votes are empty nil-Vote"},
        {[](block& b) { b.header.version.block = 1; },
         "invalid header: block protocol is incorrect: got: 1, want: 11 "},
    };
    for (const auto& [spoil, wanted] : table) {
        auto b = example();
        spoil(b);
        const auto got = error_of(check_shape(b));
        INFO(got);
        CHECK((wanted.empty() ? got.empty() : got.starts_with(wanted)));
    }
}

TEST_CASE("a received block shares the buffer that it came in") {
    const slice received(wire::encode(example()));
    const auto b = decode_block(received);
    REQUIRE(b);
    CHECK(*b == example());
    for (const auto& t : b->data.txs)
        CHECK((t.empty() || (t.data() >= received.data() &&
                             t.data() + t.size() <= received.data() + received.size())));
    CHECK(!decode_block(received.sub(0, received.size() - 1)));
    CHECK(!decode_block(slice(to_bytes("\xff\xff"))));
}

TEST_CASE("the bytes that came are used where they are the canonical ones") {
    growing_chain chain({{0, 10}});
    const std::vector<tx> none, one{slice(to_bytes("x"))},
        odd{slice(), slice(bytes(128, 1)), slice(), slice(bytes(70000, 2))};
    for (const auto& txs : {none, one, odd}) {
        const auto b = chain.make(txs);
        const slice received(wire::encode(b));
        const auto read = decode_block(received);
        REQUIRE(read);
        CHECK(canonical_encoding(received, *read).data() == received.data());
        // Decoded with copies, nothing shows that the transactions are those of the buffer.
        const auto copied = wire::decode<block>(received);
        REQUIRE(copied);
        const auto encoded = canonical_encoding(received, *copied);
        CHECK(encoded == received);
        CHECK((encoded.data() == received.data()) == txs.empty());
    }
}

TEST_CASE("a block that came in another encoding is encoded anew") {
    const auto canonical = wire::encode(example());
    const auto header_size = wire::encode(example().header).size();
    const std::function<void(bytes&)> ways[] = {
        // An unknown field at the end, and one at the start.
        [](bytes& raw) {
            append(raw, bytes{0x78, 1});
        },
        [](bytes& raw) {
            raw.insert(raw.begin(), {0x78, 1});
        },
        // The tag of the header takes two bytes.
        [](bytes& raw) { raw[0] = 0x8a, raw.insert(raw.begin() + 1, 0x00); },
        // The length of the data takes a byte more.
        [&](bytes& raw) {
            const auto at = 1 + wire::uvarint_size(header_size) + header_size;
            REQUIRE(raw[at] == 0x12);
            REQUIRE(raw[at + 1] >= 0x80);
            REQUIRE(raw[at + 2] < 0x80);
            raw[at + 2] |= 0x80;
            raw.insert(raw.begin() + static_cast<std::ptrdiff_t>(at) + 3, 0x00);
        },
        // Two data fields are one list.
        [](bytes& raw) {
            append(raw, bytes{0x12, 0x00});
        },
        // The header's height twice.
        [&](bytes& raw) {
            const auto at = 1 + wire::uvarint_size(header_size) + header_size;
            raw.insert(raw.begin() + static_cast<std::ptrdiff_t>(at), {0x0a, 0x02, 0x18, 0x03});
        },
    };
    for (const auto& way : ways) {
        const slice received(encoded_with(example(), way));
        REQUIRE(received.size() != canonical.size());
        const auto b = decode_block(received);
        REQUIRE(b);
        REQUIRE(*b == example());
        const auto encoded = canonical_encoding(received, *b);
        CHECK(equal(encoded, canonical));
        CHECK(part_set_header_of(encoded) == growing_chain::id_of(example()).parts);
    }
    // Fields in another order: the same size.
    const auto swapped = [&] {
        bytes raw;
        const auto b = example();
        block without = b;
        without.header = {};
        auto rest = wire::encode(without);
        const auto empty_header = wire::encode(header{});
        rest.erase(rest.begin(),
                   rest.begin() + static_cast<std::ptrdiff_t>(2 + empty_header.size()));
        append(raw, rest);
        append(raw, byte_view(canonical).first(canonical.size() - rest.size()));
        return slice(std::move(raw));
    }();
    REQUIRE(swapped.size() == canonical.size());
    const auto b = decode_block(swapped);
    REQUIRE(b);
    CHECK(equal(canonical_encoding(swapped, *b), canonical));
}

TEST_CASE("no changed byte is taken for the canonical encoding of what it decodes to") {
    const auto canonical = wire::encode(example());
    int decodable = 0;
    for (std::size_t i = 0; i < canonical.size(); ++i) {
        auto changed = canonical;
        changed[i] ^= 0x80;
        const slice received(std::move(changed));
        const auto b = decode_block(received);
        if (!b)
            continue;
        ++decodable;
        CHECK(equal(canonical_encoding(received, *b), wire::encode(*b)));
    }
    CHECK(decodable > 100);
}

TEST_CASE("a block prints as in the answer of block") {
    for (const auto c : vectors::at(oracle("chain"), "blocks").elements()) {
        if (!vectors::has(c, "json"))
            continue;
        const auto b = decoded<block>(vectors::hex(c, "block"));
        CHECK(to_json(b) == vectors::text(c, "json"));
    }
}
