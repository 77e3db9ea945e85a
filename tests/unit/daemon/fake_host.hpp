// SPDX-License-Identifier: Apache-2.0
// A world for commands: arguments and variables of the test, a seeded generator, a clock that stands still, output kept as text, and
// a run_node that only remembers what it was given. Homes lie in a temporary directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "daemon/cli.hpp"
#include "daemon/console.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace tetrad::testing {

struct fake_host {
    temporary_directory at;
    seeded_random random{1};
    timestamp now = parse_rfc3339("2024-01-02T03:04:05.678Z").value();
    std::string out, err;
    std::optional<daemon::node_options> ran;
    result<void> node_ends;

    std::string home() const { return at.file("h"); }

    /// Runs `tetrad <args> --home <home>`; out and err hold what this run said.
    int run(std::vector<std::string> args, config::environment env = {}) {
        args.push_back("--home");
        args.push_back(home());
        return run_bare(std::move(args), std::move(env));
    }
    int run_bare(std::vector<std::string> args, config::environment env = {}) {
        out.clear();
        err.clear();
        ran.reset();
        env.emplace("HOME", at.file("user"));
        daemon::host h{.args = std::move(args),
                       .env = std::move(env),
                       .machine_name = "a-machine",
                       .random = random,
                       .now = [this] { return now; },
                       .out = [this](std::string_view text) { out += text; },
                       .err = [this](std::string_view text) { err += text; },
                       .run_node = [this](const daemon::node_options& o) -> result<void> {
                           ran = o;
                           return node_ends;
                       }};
        return daemon::run_command_line(h);
    }
};

}  // namespace tetrad::testing
