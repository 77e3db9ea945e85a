// SPDX-License-Identifier: Apache-2.0
#include "runtime/operation.hpp"

#include "tests/unit/runtime/support.hpp"

#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

using words = std::vector<std::string>;

task<void> receive(backend& io, words& to) {
    char byte = 0;
    operation o(io, op_code::recv);
    o.what.fd = 5;
    o.what.buffer = &byte;
    o.what.length = 1;
    const std::int32_t n = co_await o;
    if (n >= 0)
        to.push_back("got " + std::to_string(n));
    else
        to.push_back(o.failure("read").error().text);
}

}  // namespace

TEST_CASE("an operation returns what its completion says") {
    words seen;
    still_machine m;
    m.tasks.spawn(receive(m.io, seen));
    m.settle();
    REQUIRE(m.io.submitted.size() == 1);
    REQUIRE(m.io.submitted[0]->fd == 5);
    m.io.finish(*m.io.submitted[0], 1);
    REQUIRE(seen.empty());  // resumed in its turn
    m.settle();
    m.tasks.spawn(receive(m.io, seen));
    m.settle();
    m.io.finish(*m.io.submitted[0], -ECONNRESET);
    m.settle();
    REQUIRE(seen == words{"got 1", "read: Connection reset by peer"});
}

TEST_CASE("a stopped task submits nothing") {
    words seen;
    still_machine m;
    m.tasks.request_stop(errc::timed_out);
    m.tasks.spawn(receive(m.io, seen));
    m.settle();
    REQUIRE(m.io.submitted.empty());
    REQUIRE(seen == words{"timed out"});
}

TEST_CASE("a stop asks the backend, and the task goes on when the completion has come, not before") {
    words seen;
    still_machine m;
    m.io.cancels_at_once = false;
    m.tasks.spawn(receive(m.io, seen));
    m.settle();
    m.tasks.request_stop();
    m.settle();
    REQUIRE(m.io.cancels == 1);
    REQUIRE(seen.empty());
    m.io.finish(*m.io.submitted[0], -ECANCELED);
    m.settle();
    REQUIRE(seen == words{"cancelled"});
}

TEST_CASE("data that arrived before the cancellation is not lost") {
    words seen;
    still_machine m;
    m.io.cancels_at_once = false;
    m.tasks.spawn(receive(m.io, seen));
    m.settle();
    m.tasks.request_stop();
    m.io.finish(*m.io.submitted[0], 1);
    m.settle();
    REQUIRE(seen == words{"got 1"});
}

TEST_CASE("destroying a frame whose operation is in flight stops the program") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::close(STDERR_FILENO);
        ::signal(SIGABRT, SIG_DFL);
        words seen;
        still_machine m;
        stop_state stop;
        {
            auto t = receive(m.io, seen);
            t.get().promise().start(m.here.main_queue(), stop, nullptr);
            m.here.main_queue().drive(t.get());
        }
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGABRT);
}
