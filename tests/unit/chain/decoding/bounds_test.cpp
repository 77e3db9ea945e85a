// SPDX-License-Identifier: Apache-2.0
// What decoding a peer's bytes may allocate. This program's operator new is replaced by one that counts while it is told to.
#include "base/random.hpp"
#include "base/wire/decode_bound.hpp"
#include "base/wire/json_text.hpp"
#include "chain/messages.hpp"
#include "p2p/node_info.hpp"
#include "p2p/packets.hpp"
#include "tests/unit/chain/support.hpp"

#include <cstdlib>
#include <new>

#include <catch2/catch.hpp>

namespace {

struct heap_count {
    std::size_t now = 0, most = 0;
    bool counting = false;
} heap;

constexpr std::size_t header =
    16;  // in front of each block: its size, or 0 where it was not counted

void* counted_new(std::size_t size) {
    auto* const block = static_cast<std::size_t*>(std::malloc(size + header));
    if (!block)
        std::abort();
    *block = heap.counting ? size : 0;
    if (heap.counting) {
        heap.now += size;
        heap.most = std::max(heap.most, heap.now);
    }
    return reinterpret_cast<char*>(block) + header;
}
void counted_delete(void* p) {
    if (!p)
        return;
    auto* const block = reinterpret_cast<std::size_t*>(static_cast<char*>(p) - header);
    if (*block != 0)
        heap.now -= *block;
    std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return counted_new(size); }
void* operator new[](std::size_t size) { return counted_new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted_new(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted_new(size); }
void operator delete(void* p) noexcept { counted_delete(p); }
void operator delete[](void* p) noexcept { counted_delete(p); }
void operator delete(void* p, std::size_t) noexcept { counted_delete(p); }
void operator delete[](void* p, std::size_t) noexcept { counted_delete(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { counted_delete(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { counted_delete(p); }

using namespace tetrad;
namespace m = tetrad::chain::messages;

namespace {

void put_tag(bytes& out, std::uint32_t number, std::uint32_t type) {
    wire::append_uvarint(out, number << 3 | type);
}
void put_delimited(bytes& out, std::uint32_t number, byte_view body) {
    put_tag(out, number, 2);
    wire::append_uvarint(out, body.size());
    append(out, body);
}

template <wire::message M>
bytes hostile(random_source& random, std::size_t goal);

/// One field's worth of input: where the member is a list, perhaps as many of its smallest elements as fit.
template <class T>
void put_hostile(bytes& out, random_source& random, std::uint32_t number, std::size_t goal) {
    if constexpr (wire::optional_message<T>) {
        put_hostile<typename T::value_type>(out, random, number, goal);
    } else if constexpr (wire::repeated<T>) {
        using element = typename T::value_type;
        const std::size_t count = random.below(2) == 0 ? random.below(4) : random.below(goal + 1);
        if (wire::scalar<element> && random.below(2) == 0)
            return put_delimited(out, number, bytes(count, 1));
        const std::size_t whole = out.size() + goal;
        const std::size_t each =
            wire::message<element> || random.below(2) == 0 ? 0 : 32;  // of a hash
        for (std::size_t i = 0; i < count && out.size() < whole; ++i)
            if (random.below(64) == 0)
                put_hostile<element>(out, random, number, goal / 8);
            else
                put_delimited(out, number, bytes(random.below(256) == 0 ? random.below(40) : each));
    } else if constexpr (wire::scalar<T>) {
        put_tag(out, number, 0);
        wire::append_uvarint(out, random.uint64() >> random.below(64));
    } else if constexpr (wire::message<T>) {
        put_delimited(out, number, hostile<T>(random, goal));
    } else {
        put_delimited(out, number,
                      bytes(random.below(2) == 0 ? random.below(goal + 1) : random.below(34), 1));
    }
}

template <wire::message M>
bytes hostile(random_source& random, std::size_t goal) {
    bytes out;
    constexpr std::size_t entries = M::schema.size;
    if constexpr (entries > 0) {
        for (auto rounds = 1 + random.below(2 * entries); rounds > 0 && out.size() < goal;
             --rounds) {
            std::size_t chosen = random.below(entries);
            wire::for_each_field<M>([&]<class Entry>(const Entry& entry) {
                if (chosen-- != 0)
                    return;
                using member = std::remove_cvref_t<decltype(std::declval<M&>().*entry.member)>;
                if constexpr (wire::is_one_of<Entry>::value) {
                    [&]<std::size_t... I>(std::index_sequence<I...>) {
                        std::size_t one = random.below(sizeof...(I));
                        ((one-- == 0
                              ? put_hostile<std::variant_alternative_t<I + 1, member>>(
                                    out, random, entry.alternatives[I].number, goal - out.size())
                              : void()),
                         ...);
                    }
                    (std::make_index_sequence<std::variant_size_v<member> - 1>{});
                } else if (entry.number != 0) {
                    put_hostile<member>(out, random, entry.number, goal - out.size());
                }
            });
        }
    }
    return out;
}

constexpr std::size_t error_text = 64;

/// The most that decoding allocated beyond nothing, over many inputs; each is held against the bound.
template <wire::message M>
std::size_t most_of(const char* name) {
    std::size_t most = 0, decoded = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        CAPTURE(name, seed);
        seeded_random random(seed);
        bytes in = hostile<M>(random, std::size_t{1} << (4 + seed % 14));
        if (!in.empty() && random.below(4) == 0)
            in[random.below(in.size())] ^= static_cast<std::uint8_t>(1 << random.below(8));
        const slice shared(std::move(in));
        heap = {0, 0, true};
        {
            const auto result = wire::decode_shared<M>(shared);
            heap.counting = false;
            decoded += result.has_value();
        }
        const std::size_t needed = heap.most;
        most = std::max(most, needed);
        REQUIRE(heap.now == 0);
        REQUIRE(needed <= wire::decoded_bytes_max<M>(shared.size()) + error_text);
    }
    REQUIRE(decoded > 10);
    return most;
}

}  // namespace

TEST_CASE(
    "decoding any input allocates no more than its type's bound, and nothing where the type has no "
    "lists") {
    CHECK(most_of<chain::vote>("vote") <= error_text);
    CHECK(most_of<chain::proposal>("proposal") <= error_text);
    CHECK(most_of<m::blocksync_message>("blocksync_message") <= error_text);
    CHECK(most_of<chain::duplicate_vote>("duplicate_vote") <= error_text);
    CHECK(most_of<p2p::packet>("packet") <= error_text);
    CHECK(most_of<chain::part>("part") > error_text);
    CHECK(most_of<bit_array>("bit_array") > 4096);
    CHECK(most_of<m::consensus_message>("consensus_message") > 4096);
    CHECK(most_of<chain::commit>("commit") > 40'000);
    CHECK(most_of<chain::extended_commit>("extended_commit") > 40'000);
    CHECK(most_of<chain::block>("block") > 100'000);
    CHECK(most_of<chain::evidence_list>("evidence_list") > 100'000);
    CHECK(most_of<chain::light_client_attack>("light_client_attack") > 40'000);
    CHECK(most_of<m::mempool_message>("mempool_message") > 100'000);
    CHECK(most_of<p2p::node_info>("node_info") > error_text);
}

TEST_CASE("what the largest message of each channel may make us allocate") {
    using wire::decoded_bytes_max;
    constexpr std::size_t kib = 1024, mib = 1024 * kib;
    static_assert(decoded_bytes_max<p2p::packet>(2 * kib) == 0);
    static_assert(decoded_bytes_max<chain::vote>(mib) == 0);
    static_assert(decoded_bytes_max<m::blocksync_message>(m::blocksync_bytes_max) == 0);
    static_assert(decoded_bytes_max<bit_array>(mib) == 3 * 8 * bit_array::elems_max);
    static_assert(decoded_bytes_max<chain::part>(mib) == 3 * 32 * crypto::merkle_proof::aunts_max);
    static_assert(decoded_bytes_max<m::consensus_message>(m::consensus_bytes_max) ==
                  3 * 8 * bit_array::elems_max);
    static_assert(decoded_bytes_max<chain::commit>(chain::block_bytes_max) ==
                  3 * sizeof(chain::commit_sig) * chain::votes_max);
    static_assert(decoded_bytes_max<chain::extended_commit>(chain::block_bytes_max) ==
                  3 * sizeof(chain::extended_commit_sig) * chain::votes_max);
    // Where the protocol limits bytes alone, the budget of decoding is the limit; a header's chain id is copied.
    constexpr auto by_budget = [](std::size_t input) {
        return 3 * (16 * input + 64 * kib) + 3 * input;
    };
    static_assert(decoded_bytes_max<m::mempool_message>(mib) <= by_budget(mib));
    static_assert(decoded_bytes_max<chain::evidence_list>(m::evidence_bytes_max) <=
                  by_budget(m::evidence_bytes_max));
    static_assert(decoded_bytes_max<chain::block>(chain::block_bytes_max) <=
                  by_budget(chain::block_bytes_max));
}

// ---- blocks ----

namespace {

bytes times(std::size_t count, byte_view piece) {
    bytes all;
    all.reserve(count * piece.size());
    for (std::size_t i = 0; i < count; ++i)
        append(all, piece);
    return all;
}
bytes field_of(std::uint32_t number, byte_view body) {
    bytes out;
    put_delimited(out, number, body);
    return out;
}
/// Field `number` holds `count` fields 1, each of this body.
bytes list_in(std::uint32_t number, std::size_t count, byte_view element) {
    return field_of(number, times(count, field_of(1, element)));
}
template <class F>
std::size_t peak_of(F&& decode) {
    heap = {0, 0, true};
    {
        const auto result = decode();
        heap.counting = false;
    }
    CHECK(heap.now == 0);
    return heap.most;
}

constexpr std::size_t many = 400'000;
constexpr std::size_t commit_bytes = 3 * sizeof(chain::commit_sig) * chain::votes_max;
constexpr std::size_t small_change = 4096;

/// What to make a block of, so that little input takes much memory.
std::vector<std::pair<const char*, bytes>> worst_blocks() {
    const bytes one{1}, no_votes = field_of(1, {});
    const bytes attack = field_of(
        2, times(chain::votes_max, field_of(3, {})));  // the fullest list of validators, all empty
    const bytes commit = field_of(4, times(chain::votes_max, field_of(4, {})));
    std::vector<std::pair<const char*, bytes>> all{
        {"empty transactions", list_in(2, many, {})},
        {"empty transactions, one by one", times(many / 2, list_in(2, 1, {}))},
        {"transactions of a byte", list_in(2, many, one)},
        {"evidence of nothing", list_in(3, many, {})},
        {"evidence of two absent votes", list_in(3, many, no_votes)},
        {"attacks by everybody", list_in(3, 20, attack)},
        {"empty signatures", commit},
        {"one signature more", field_of(4, times(chain::votes_max + 1, field_of(4, {})))},
        {"signatures, in two commits", times(2, commit)},
        {"a long chain id", field_of(1, field_of(2, bytes(many)))}};
    bytes both = list_in(2, many, {});
    append(both, list_in(3, many, no_votes));
    append(both, commit);
    all.emplace_back("everything", std::move(both));
    return all;
}

}  // namespace

TEST_CASE("no block takes more to decode than its bound, and a list of transactions is made once") {
    for (const auto& [name, block] : worst_blocks()) {
        const slice in{bytes(block)};
        const auto peak = peak_of([&] { return chain::decode_block(in); });
        CAPTURE(name, in.size(), peak);
        CHECK(peak <= chain::block_decoding_bytes_max(in.size()) + error_text);
    }
    const auto peak_of_txs = [](const bytes& block) {
        const slice in{bytes(block)};
        return peak_of([&] { return chain::decode_block(in); });
    };
    CHECK(peak_of_txs(list_in(2, many, {})) == many * sizeof(chain::tx));
    CHECK(peak_of_txs(times(many, list_in(2, 1, {}))) == many * sizeof(chain::tx));
    CHECK(peak_of_txs(list_in(2, many, bytes{1})) == many * sizeof(chain::tx));
}

TEST_CASE("random blocks take no more than the bound of blocks either") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        seeded_random random(seed);
        const slice in(hostile<chain::block>(random, std::size_t{1} << (4 + seed % 14)));
        const auto peak = peak_of([&] { return chain::decode_block(in); });
        REQUIRE(peak <= chain::block_decoding_bytes_max(in.size()) + error_text);
        const auto block = chain::decode_block(in), plainly = wire::decode_shared<chain::block>(in);
        REQUIRE(block.has_value() == plainly.has_value());
        if (block)
            REQUIRE(*block == *plainly);
    }
}

TEST_CASE("the outline of any block takes a commit and what is copied of its header") {
    for (const auto& [name, block] : worst_blocks()) {
        const slice in{bytes(block)};
        const auto peak = peak_of([&] { return chain::decode_outline(in); });
        CAPTURE(name, in.size(), peak);
        const bool copies = std::string_view(name).starts_with("a long");
        CHECK(peak <= commit_bytes + (copies ? in.size() + 1 : 0) + small_change);
    }
}

TEST_CASE(
    "the largest block that the parameters permit is decoded: the fullest commit, as much evidence "
    "as may be, and otherwise the smallest transactions") {
    constexpr std::int64_t max_bytes = 4 << 20, evidence_max = 1 << 20;
    const std::size_t tx_size = GENERATE(0, 1);
    using namespace chain::test;
    chain::commit commit{height_t(INT64_MAX - 1), round_t(INT32_MAX), id_of("before"), {}};
    commit.signatures.resize(
        chain::votes_max,
        {chain::block_id_flag::commit, chain::address(bytes(20, 1)),
         timestamp{-62'135'596'800, 999'999'999}, chain::signature(bytes(64, 1))});
    chain::vote one{chain::vote_type::prevote,
                    height_t(1),
                    round_t(0),
                    id_of("a"),
                    {1, 1},
                    chain::address(bytes(20, 1)),
                    1,
                    chain::signature(bytes(64, 1)),
                    {},
                    {}};
    auto other = one;
    other.block = id_of("b");
    if (other.block.key() < one.block.key())
        std::swap(one.block, other.block);
    const chain::evidence proof{chain::duplicate_vote{one, other, power_t(10), power_t(5), {1, 1}}};
    const auto proof_size = static_cast<std::int64_t>(wire::encoded_size(proof)) + 4;
    chain::evidence_list evidence;
    evidence.evidence.resize(static_cast<std::size_t>(evidence_max / proof_size), proof);
    const auto room = *chain::data_bytes_max(
        max_bytes, static_cast<std::int64_t>(wire::encoded_size(evidence)), chain::votes_max);
    std::vector<chain::tx> txs(static_cast<std::size_t>(room / chain::tx_block_size(tx_size)),
                               slice(bytes(tx_size, 1)));
    auto block = chain::make_block(height_t(INT64_MAX), std::move(txs), std::move(commit),
                                   std::move(evidence));
    block.header.chain_id = std::string(chain::chain_id_size_max, 'c');

    const slice encoded(wire::encode(block));
    CHECK(static_cast<std::int64_t>(encoded.size()) <= max_bytes);
    CHECK(static_cast<std::int64_t>(encoded.size()) > max_bytes - 1000);
    CHECK(chain::decode_block(encoded) == block);
    const auto outline = chain::decode_outline(encoded);
    REQUIRE(outline);
    CHECK(outline->header == block.header);
    CHECK(outline->last_commit == block.last_commit);
    const auto peak = peak_of([&] { return chain::decode_block(encoded); });
    CHECK(peak <= 17 * encoded.size());
}

TEST_CASE("the proof of one transaction takes its own length, however many there are") {
    const std::vector<chain::tx> txs(100'000, slice(bytes(1, 1)));
    CHECK(peak_of([&] { return chain::prove_tx(txs, 77'777); }) <= small_change);
}

TEST_CASE("JSON takes at most 36 bytes for each of its own to be parsed") {
    const auto peak_of_json = [](std::string_view piece, std::size_t count) {
        const std::string array =
            "[" + std::string(text(times(count, view(piece)))) + "0]";  // each ends in a comma
        return static_cast<double>(peak_of([&] { return json::parse(array); })) /
               static_cast<double>(array.size());
    };
    // A list of nodes that has just grown is there twice; so are texts without their escapes.
    for (const std::size_t count : {65'535, 65'536, 131'071, 131'072, 200'000})
        for (const auto* piece : {"0,", "[],", "\"\",", "\"\\n\",", "{\"\":0},", "{\"\\n\":0},"}) {
            CAPTURE(count, piece);
            CHECK(peak_of_json(piece, count) <= 36);
        }
}

TEST_CASE("a list that is longer than its limit is refused before more of it is stored") {
    bytes in;
    const bytes entry{0x08, 1,    0x08, 1,    0x08,
                      1,    0x08, 1,    0x08, 2};  // a flag, said often enough for the budget
    for (std::size_t i = 0; i <= chain::votes_max; ++i)
        put_delimited(in, 4, entry);
    const auto refused = wire::decode<chain::commit>(in);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::too_large);
    CHECK(wire::decode<chain::commit>(byte_view(in).subspan(2 + entry.size())).has_value());

    bytes words;
    put_delimited(words, 2, bytes(bit_array::elems_max, 1));
    CHECK(wire::decode<bit_array>(words).has_value());
    append(words, to_bytes("\x10\x01"));
    CHECK_FALSE(wire::decode<bit_array>(words).has_value());
}
