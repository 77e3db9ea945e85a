// SPDX-License-Identifier: Apache-2.0
#include "tests/net/options.hpp"

#include <CLI/CLI.hpp>

#include "tests/net/schedule.hpp"

namespace tetrad::net {

namespace {

constexpr std::uint32_t validators_max = 32;
constexpr std::uint64_t rate_max = 1'000'000, tx_bytes_max = 65'536;

constexpr const char* closing = R"(
One line a second shows the height of node0, transactions in blocks a second, transactions that wait for a block (with
--load), the peers of node0, heights decided in a round above 0 (in this second / in all), and what each node uses. A
summary ends it.

With --load the nodes keep no index of transactions (the method tx then finds nothing), their pools hold 50000
transactions, and no rate limits their connections. Transactions go out by broadcast_tx_sync in batches, round robin over
the nodes, so that a refusal is seen and counted; each is due at a fixed time, however slow the network is, and its latency
counts from there until its height is seen. Blocks are read for that at the end, when nothing is measured any more.

Settings of the nodes come from variables as always: CMT_CONSENSUS_TIMEOUT_COMMIT=100ms ./dev net

examples:
  ./dev net                                     four validators until Ctrl-C; prints what to try
  ./dev net --load 1000 --duration 30           their figures at a thousand transactions a second
  ./dev net --validators 7 --keep build/seven   again with the same folder: the same chain goes on
)";

}  // namespace

parsed parse_options(int argc, char** argv) {
    options o;
    CLI::App app("A network of validators on this machine, in the foreground. Ctrl-C ends it.",
                 "./dev net");
    app.footer(closing);
    app.option_defaults()->always_capture_default()->take_last();
    app.add_option("--validators", o.validators, "how many")
        ->check(CLI::Range(1u, validators_max))
        ->type_name("N");
    app.add_option("--load", o.load, "transactions a second, of the kvstore; 0: none")
        ->check(CLI::Range(std::uint64_t{0}, rate_max))
        ->type_name("RATE");
    app.add_option("--tx-bytes", o.tx_bytes, "size of each")
        ->check(CLI::Range(std::uint64_t{tx_bytes_min}, tx_bytes_max))
        ->type_name("N");
    app.add_option("--keep", o.keep,
                   "homes and logs stay in this folder, otherwise in a temporary one that goes")
        ->type_name("DIR");
    app.add_option("--duration", o.duration_s, "seconds, from the third height on; 0: until Ctrl-C")
        ->type_name("S");
    app.add_option("--node", o.program, "the program, e.g. a cometbft to compare with")
        ->required()
        ->type_name("PATH");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return {{}, app.exit(e)};
    }
    return {o, 0};
}

}  // namespace tetrad::net
