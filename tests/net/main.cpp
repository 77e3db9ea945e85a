// SPDX-License-Identifier: Apache-2.0
// ./dev net: a network of validators on this machine, in the foreground.
#include <csignal>
#include <cstdio>
#include <memory>

#include "runtime/executor.hpp"
#include "runtime/uring/backend.hpp"
#include "tests/net/session.hpp"

namespace tetrad::net {

namespace {

runtime::task<void> run_to_end(session& s, int& code, runtime::executor& loop) {
    code = co_await s.run();
    loop.stop();
}

result<int> run(const options& o) {
    // A reader that has gone is noticed where something is written.
    std::signal(SIGPIPE, SIG_IGN);
    TRY(auto signals, signal_file::open());
    TRY(auto io, runtime::uring_backend::open());
    const environment env = node_environment(own_environment(), o.load > 0);
    TRY(const auto where, folder::make(o.keep));
    TRY(auto nodes, prepare_nodes(o, where.path(), env, *io));

    runtime::executor loop(std::move(io));
    runtime::shard here(loop, 0, "net");
    session running(here, o, where, std::move(nodes), env, signals);
    runtime::scope root(here);
    int code = 1;
    root.spawn(run_to_end(running, code, loop));
    loop.run();
    while (root.running() > 0)
        loop.turn();
    return code;
}

}  // namespace

}  // namespace tetrad::net

int main(int argc, char** argv) {
    const auto asked = tetrad::net::parse_options(argc, argv);
    if (!asked.chosen)
        return asked.exit_code;
    const auto code = tetrad::net::run(*asked.chosen);
    if (!code)
        std::fprintf(stderr, "net: %s\n", code.error().text.c_str());
    return code.value_or(1);
}
