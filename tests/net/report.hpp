// SPDX-License-Identifier: Apache-2.0
// What the user reads: the beginning, a line a second, the summary. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "tests/net/figures.hpp"
#include "tests/net/homes.hpp"

namespace tetrad::net {

/// For a POSIX shell: one word, whatever is in it.
std::string shell_word(std::string_view text);

std::string welcome(const std::vector<node>&, const folder&, bool indexes_txs);

/// What happened since the line before.
struct second {
    std::int64_t height = 0;
    double txs = 0;                        // a second
    std::optional<std::uint64_t> waiting;  // scheduled and in no block; nothing without load
    std::optional<std::int64_t> peers;     // nothing where the node did not answer
    std::int64_t rounds = 0, rounds_in_all = 0;
    struct node_use {
        double cpu = 0;  // of a core, per cent
        std::uint64_t memory = 0;
    };
    std::vector<node_use> nodes;
};
std::string heading(std::size_t nodes, bool loaded);
std::string line(const second&);

struct summary {
    duration elapsed{};   // from the height before the first that counts to the last
    duration measured{};  // between the readings of what nodes used
    std::int64_t first_height = 0, last_height = 0;  // whose blocks are counted
    duration interval{};                             // the median
    std::int64_t rounds = 0;
    std::uint64_t txs = 0;
    struct loaded {
        std::uint64_t rate = 0, refused = 0, missing = 0;
        std::optional<duration> p50, p99;
    };
    std::optional<loaded> load;
    std::vector<use> nodes;            // CPU of the measured time alone
    std::uint64_t loopback_bytes = 0;  // in the measured time, without this program's own
};
std::string text(const summary&);

/// The last lines of a log, each marked.
std::string tail(std::string_view log, std::size_t lines);

}  // namespace tetrad::net
