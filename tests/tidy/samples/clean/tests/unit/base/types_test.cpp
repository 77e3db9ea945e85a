// SPDX-License-Identifier: Apache-2.0
#include "base/types.hpp"

template <class T>
auto doubled(T n) -> plain<T> {
    return {2 * n};
}

task<plain<int>> good(std::vector<int> a, bool b) {
    auto named = [&](int n) { return plain<int>{n}; };
    plain<int> first{1};
    const int value = b ? a[a[0]] : 2;
    const int chosen = pick(co_await one(1) == 2 ? 3 : 4, co_await two(b ? 1 : 2));
    auto [left, right] = co_await both(first, std::move(first));
    co_await ok(wait(made{5}, std::chrono::milliseconds{50}, std::string{"x"}));
    co_await ok(call(named, [](int n) { return n; }, b ? 1'000 : 2));
    for (auto& x : co_await list(a[0])) {
        plain<int> inner{x};
        if (auto r = co_await one(a[x]); !r) {
            co_return plain<int>{1};
        } else if (r == plain<int>{2}) {
            continue;
        }
    }
    switch (value) {
    case 1: {
        co_await one(left);
        break;
    }
    default: co_await one(right);
    }
    const plain<int> last{value};
    REQUIRE(last == plain<int>{2});
    co_return {2};
}
