// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>
#include <memory>

#include <catch2/catch.hpp>

using namespace tetrad;

namespace {
result<std::unique_ptr<int>> half(int n) {
    if (n % 2 != 0)
        return fail(errc::invalid, "odd");
    return std::make_unique<int>(n / 2);
}
result<void> quarter(int n, int& out) {
    TRY(const auto first, half(n));
    TRY(const auto second, half(*first));
    out = *second;
    return {};
}
result<std::string> described(int n) {
    int out = 0;
    TRY_VOID(quarter(n, out));
    return std::to_string(out);
}
}  // namespace

TEST_CASE("an error is passed up from where it is, values go on") {
    CHECK(*described(12) == "3");
    CHECK(described(6).error() == error(errc::invalid, "odd"));
    CHECK(described(3).error() == error(errc::invalid, "odd"));
}

TEST_CASE("an error passed up may say what was being done") {
    auto failed = half(1);
    const result<int> outer = pass(failed, "halving");
    CHECK(outer.error() == error(errc::invalid, "halving: odd"));
}

TEST_CASE("errno becomes a code that callers decide by") {
    CHECK(system_error(ENOENT, "open x").code == errc::not_found);
    CHECK(system_error(ECONNRESET, "recv").code == errc::closed);
    CHECK(system_error(ECANCELED, "recv").code == errc::cancelled);
    CHECK(system_error(ETIMEDOUT, "connect").code == errc::timed_out);
    CHECK(system_error(EEXIST, "mkdir").code == errc::exists);
    CHECK(system_error(EIO, "write") == error(errc::io, "write: Input/output error"));
}

TEST_CASE("every code has a name of its own") {
    for (int a = 0; a <= static_cast<int>(errc::fatal); ++a)
        for (int b = 0; b < a; ++b)
            CHECK(name(static_cast<errc>(a)) != name(static_cast<errc>(b)));
}
