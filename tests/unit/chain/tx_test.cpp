// SPDX-License-Identifier: Apache-2.0
#include "chain/tx.hpp"

#include "base/random.hpp"
#include "base/wire/json.hpp"
#include "chain/block.hpp"
#include "tests/unit/chain/support.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::chain;
using namespace tetrad::chain::test;

namespace {

std::vector<tx> some_txs(std::size_t count, std::uint64_t seed) {
    seeded_random random(seed);
    std::vector<tx> out;
    for (std::size_t i = 0; i < count; ++i) {
        bytes raw(random.below(300));
        random.fill(raw);
        out.emplace_back(std::move(raw));
    }
    return out;
}

}  // namespace

TEST_CASE("the hash of transactions is CometBFT's") {
    for (const auto& c : vectors::group("data_hash")) {
        std::vector<tx> txs;
        for (const auto t : vectors::at(c, "txs").elements())
            txs.emplace_back(vectors::hex(t));
        CHECK(equal(txs_hash(txs), vectors::hex(c, "hash")));
    }
}

TEST_CASE("the size of transactions is what their encoding takes") {
    std::vector<tx> txs;
    for (const std::size_t size : {0u, 1u, 127u, 128u, 16383u, 16384u, 70000u}) {
        txs.emplace_back(bytes(size, 1));
        CHECK(tx_block_size(size) ==
              static_cast<std::int64_t>(wire::encoded_size(block_data{{txs.back()}})));
    }
    const auto size = static_cast<std::int64_t>(wire::encoded_size(block_data{txs}));
    CHECK(txs_block_size(txs) == size);
    CHECK(check_txs_size(txs, size));
    CHECK(error_of(check_txs_size(txs, size - 1)) ==
          format("transaction data size exceeds maximum {}", size - 1));
    CHECK(check_txs_size({}, 0));
}

TEST_CASE("every transaction of a block can be proved, and only where it stands") {
    for (const std::size_t count : {1u, 2u, 3u, 7u, 8u, 33u}) {
        const auto txs = some_txs(count, count);
        const auto root = txs_hash(txs);
        for (std::size_t i = 0; i < count; ++i) {
            auto proof = prove_tx(txs, i);
            CHECK(equal(proof.root, root));
            CHECK(proof.proof.index == static_cast<std::int64_t>(i));
            CHECK(check_proof(proof, root));
            CHECK(check_proof(decoded<tx_proof>(wire::encode(proof)), root));
            CHECK(error_of(check_proof(proof, hash_of("another"))) ==
                  "proof matches different data hash");

            auto wrong = proof;
            wrong.data = slice(to_bytes("another"));
            CHECK(error_of(check_proof(wrong, root)) == "proof is not internally consistent");
            wrong = proof;
            wrong.proof.index = -1;
            CHECK(error_of(check_proof(wrong, root)) == "proof index cannot be negative");
            wrong = proof;
            wrong.proof.total = 0;
            CHECK(error_of(check_proof(wrong, root)) == "proof total must be positive");
            if (count > 1) {
                wrong = proof;
                wrong.proof.index = static_cast<std::int64_t>((i + 1) % count);
                CHECK(!check_proof(wrong, root));
            }
        }
    }
}

TEST_CASE("no changed byte of a proof leaves it valid") {
    const auto txs = some_txs(13, 5);
    const auto root = txs_hash(txs);
    const auto proof = prove_tx(txs, 6);
    const auto encoded = wire::encode(proof);
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        auto changed = encoded;
        changed[i] ^= 0x55;
        const auto read = wire::decode<tx_proof>(changed);
        if (read && check_proof(*read, root))
            CHECK(*read == proof);  // a change that means the same (an unknown field's number)
    }
}

TEST_CASE("a proof prints as in the answer of tx") {
    const std::vector<tx> txs{slice(to_bytes("a=1")), slice(to_bytes("b=2"))};
    const auto p = prove_tx(txs, 1);
    CHECK(
        to_json(p) ==
        format(
            R"({{"root_hash":"{}","data":"Yj0y","proof":{{"total":"2","index":"1","leaf_hash":"{}",)"
            R"("aunts":["{}"]}}}})",
            to_hex_upper(p.root), to_base64(p.proof.leaf_hash), to_base64(p.proof.aunts[0])));
}
