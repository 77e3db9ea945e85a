// SPDX-License-Identifier: Apache-2.0
// ./dev bench: measurements against bare programs, as a table and as JSON.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/text.hpp"
#include "tests/bench/harness/report.hpp"
#include "tests/bench/options.hpp"
#include "tests/bench/rounds.hpp"
#include "tests/bench/runtime/list.hpp"

namespace tetrad::bench {

namespace {

void show(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

int list_names() {
    show(
        "runtime    executors, messages between shards, sockets and files against bare programs\n"
        "./dev bench NAME runs one; ./dev bench --help says more\n");
    return 0;
}

/// Without the rows that were not asked for.
bool is_wanted(const comparison& c, const std::string& only) {
    for (const auto& m : c.metrics())
        if (m.name.starts_with(only))
            return true;
    return false;
}

std::string default_directory() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

result<int> run(const options& o) {
    place where;
    TRY(where.at, choose_cores());
    where.directory = o.directory.empty() ? default_directory() : o.directory;
    std::ofstream file;
    if (!o.json.empty()) {
        file.open(o.json);
        if (!file)
            return fail(errc::io, o.json + ": cannot be written");
    }
    const bool first = raise_priority();
    show(format("{}; measured on core {}, driven from core {}, {} priority\n\n", describe_machine(),
                where.at.first, where.at.second, first ? "highest" : "ordinary"));
    show(heading());
    std::vector<row> rows;
    for (const auto& c : runtime_comparisons(where)) {
        if (!is_wanted(*c, o.only))
            continue;
        for (auto& r : run_rounds(*c, where, o.rounds)) {
            show(line(r));
            rows.push_back(std::move(r));
        }
    }
    if (rows.empty())
        return fail(errc::not_found, "no row begins with " + o.only);
    show("\n" + closing(rows) + "\n");
    bool all_ran = true;
    for (const auto& r : rows) {
        show(json(r) + "\n");
        file << json(r) << '\n';
        all_ran &= r.missing.empty();
    }
    file.flush();
    if (!o.json.empty() && !file)
        return fail(errc::io, o.json + ": cannot be written");
    return all_ran ? 0 : 1;
}

}  // namespace

}  // namespace tetrad::bench

int main(int argc, char** argv) {
    using namespace tetrad::bench;
    const auto asked = parse_options(argc, argv);
    if (!asked.chosen)
        return asked.exit_code;
    std::signal(SIGPIPE, SIG_IGN);
    if (!asked.chosen->idle.empty())
        return be_idle(asked.chosen->idle);
    if (asked.chosen->name.empty())
        return list_names();
    if (asked.chosen->name != "runtime") {
        std::fprintf(stderr, "bench: no '%s' to measure; there is: runtime\n",
                     asked.chosen->name.c_str());
        return 2;
    }
    const auto code = run(*asked.chosen);
    if (!code)
        std::fprintf(stderr, "bench: %s\n", code.error().text.c_str());
    return code.value_or(1);
}
