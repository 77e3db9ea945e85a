// SPDX-License-Identifier: Apache-2.0
#include "base/types.hpp"

task<void> lambdas(int s) {
    co_await run([s] { return s; });
    co_await run([&]() mutable -> int { return s; });
    if (auto r = co_await run([=](int n) { return n + s; }); r)
        co_return;
    auto named = co_await ok(run(1, [this] { go(); }));
}

task<void> braces() {
    co_await send(vote{1, {}});
    co_await send({1, 2});
    auto sent = co_await ok(send(chain::vote{.height = 1}));
    while (co_await send(boxed<std::vector<int>>{}))
        ;
    vote v{co_await height(), {}};
    co_await send(std::array<int, 2>{1, 2});
    co_return co_await send(1, vote{});
}

task<int> conditionals(bool b) {
    int x = b ? co_await one() : 2;
    x = b ? 1 : b ? co_await two() : 3;
    call(1, b ? 1 : take(co_await two()));
    co_return b ? 1 : co_await one();
}

task<void> macros() {
    CHECK(co_await one() == 1);
    REQUIRE_THROWS(f(co_await one()));
}

auto coroutine_lambda(int s) {
    auto f = [s]() -> task<int> {
        if (s) {
            co_return co_await one();
        }
        co_return 2;
    };
    return f;
}

task<void> lists() {
    co_await send(std::vector<std::string>{"a", "b"});
    std::vector<int> v{co_await one(), 2};
    int x = ({ auto r = co_await one(); r; });
    co_await waiter{x};
}

struct jump {
    bool await_ready();
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> h);
    auto await_suspend(int) noexcept -> std::coroutine_handle<promise>;
    void await_suspend(std::coroutine_handle<promise> h) { next = h; }
};
