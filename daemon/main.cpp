// SPDX-License-Identifier: Apache-2.0
// The program: gives the command line the real world.
#include <cstdio>

#include <unistd.h>

#include "daemon/cli.hpp"
#include "daemon/start.hpp"
#include "runtime/uring/clock.hpp"
#include "runtime/uring/random.hpp"

extern char** environ;

namespace {

tetrad::config::environment read_environment() {
    tetrad::config::environment out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        if (const auto at = text.find('='); at != text.npos)
            out.emplace(text.substr(0, at), text.substr(at + 1));
    }
    return out;
}

std::string machine_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != 0 ? name : "anonymous";
}

void write_to(std::FILE* file, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), file);
    std::fflush(file);
}

}  // namespace

int main(int argc, char** argv) {
    tetrad::runtime::kernel_random random;
    tetrad::daemon::host host{
        .args = {argv + (argc > 0 ? 1 : 0), argv + argc},
        .env = read_environment(),
        .machine_name = machine_name(),
        .random = random,
        .now = tetrad::runtime::system_time,
        .out = [](std::string_view text) { write_to(stdout, text); },
        .err = [](std::string_view text) { write_to(stderr, text); },
        .run_node = tetrad::daemon::run_node,
    };
    return tetrad::daemon::run_command_line(host);
}
