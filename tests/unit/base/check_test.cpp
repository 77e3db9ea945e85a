// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"

#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

// Ours, not Catch2's: it is what is tested.
namespace {
void check_that(bool holds) { CHECK(holds && 1 + 1 == 2); }
}  // namespace

#include <catch2/catch.hpp>

namespace {
struct outcome {
    int signal = 0;
    std::string output;
};
template <class F>
outcome in_child(F&& f) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // Catch2 has a handler
        ::dup2(ends[1], STDERR_FILENO);
        f();
        ::_exit(0);
    }
    ::close(ends[1]);
    outcome out;
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        out.output.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    out.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return out;
}
}  // namespace

TEST_CASE("a check that holds does nothing, one that fails says which and aborts") {
    CHECK(in_child([] { check_that(true); }).signal == 0);
    const auto failed = in_child([] { check_that(false); });
    CHECK(failed.signal == SIGABRT);
    CHECK(failed.output.find("CHECK failed: holds && 1 + 1 == 2 at ") != std::string::npos);
    CHECK(failed.output.find("check_test.cpp:") != std::string::npos);
}
