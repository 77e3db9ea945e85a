// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/options.hpp"

#include <CLI/CLI.hpp>

namespace tetrad::bench {

namespace {

constexpr std::uint32_t rounds_max = 1000;

constexpr const char* closing = R"(
names:
  runtime    executors, messages between shards, sockets and files, each against a bare program that does the same work

A line a row as it is done: ours, bare, the median of the ratios round by round with the smallest and the largest, the
aim, CPU per operation of both, and the rounds that count. A row short of its aim is no error. tests/bench/README.md says what is
measured and how.

examples:
  ./dev bench                              the names
  ./dev bench runtime                      all rows, some minutes
  ./dev bench runtime --only echo          those whose names begin so
  ./dev bench runtime --json build/runtime.jsonl
)";

}  // namespace

parsed parse_options(int argc, char** argv) {
    options o;
    CLI::App app("Measures this program against bare ones, in turn, on two pinned cores.",
                 "./dev bench");
    app.footer(closing);
    app.option_defaults()->always_capture_default()->take_last();
    app.add_option("name", o.name, "what to measure; none: lists the names")->type_name("NAME");
    app.add_option("--json", o.json,
                   "writes the JSON lines, which end the output, into this file too")
        ->type_name("FILE");
    app.add_option("--rounds", o.rounds, "clean rounds of each comparison")
        ->check(CLI::Range(1u, rounds_max))
        ->type_name("N");
    app.add_option("--only", o.only, "only the rows whose names begin with this")->type_name("ROW");
    app.add_option("--dir", o.directory,
                   "files are written here, on a real disk; otherwise beside the program")
        ->type_name("DIR");
    app.add_option("--idle", o.idle)->group("");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return {{}, app.exit(e)};
    }
    return {o, 0};
}

}  // namespace tetrad::bench
