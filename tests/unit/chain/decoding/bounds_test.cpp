// SPDX-License-Identifier: Apache-2.0
// What decoding a peer's bytes may allocate. This program's operator new is replaced by one that counts while it is told to.
#include "base/random.hpp"
#include "base/wire/decode_bound.hpp"
#include "chain/messages.hpp"
#include "p2p/node_info.hpp"
#include "p2p/packets.hpp"

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
