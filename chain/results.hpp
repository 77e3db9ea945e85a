// SPDX-License-Identifier: Apache-2.0
// The part of a transaction's result that all nodes must agree on, and the hash over it that the next header carries.
// Pure: any shard.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/crypto/merkle.hpp"
#include "chain/ids.hpp"

namespace tetrad::chain {

/// tendermint.abci.ExecTxResult without log, info, events and codespace. Borrowed.
struct result_core {
    std::uint32_t code = 0;
    byte_view data;
    std::int64_t gas_wanted = 0;
    std::int64_t gas_used = 0;

    static constexpr auto schema =
        fields(field<1>("", &result_core::code), field<2>("", &result_core::data),
               field<5>("", &result_core::gas_wanted), field<6>("", &result_core::gas_used));
};

/// Fed one result at a time, in order; no results: SHA256("").
class results_hasher {
public:
    void add(const result_core&);
    hash256 root() const { return tree_.root(); }

private:
    crypto::merkle_builder tree_;
    bytes scratch_;
};

/// Of any sequence whose elements have code, data, gas_wanted and gas_used.
template <class Results>
hash256 results_hash(const Results& results) {
    results_hasher hasher;
    for (const auto& r : results)
        hasher.add({r.code, r.data, r.gas_wanted, r.gas_used});
    return hasher.root();
}

}  // namespace tetrad::chain
