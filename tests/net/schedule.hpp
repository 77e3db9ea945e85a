// SPDX-License-Identifier: Apache-2.0
// What the load consists of: transaction k arrives at a time fixed beforehand, whatever the network does, and says in its text which
// one it is. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace tetrad::net {

struct schedule {
    instant begin;
    std::uint64_t rate = 1;  // a second

    instant at(std::uint64_t k) const;
    /// How many have arrived, the one of this moment included.
    std::uint64_t arrived(instant now) const;
};

/// "<run>-<k>=xxx", a transaction of the kvstore. `run` tells the transactions of one run from those of another.
std::string make_tx(std::string_view run, std::uint64_t k, std::size_t bytes);
constexpr std::size_t tx_bytes_min = 40;  // holds any run and k
/// Which one it is; nothing for what is not of this run.
std::optional<std::uint64_t> number_of(std::string_view run, std::string_view tx);

}  // namespace tetrad::net
