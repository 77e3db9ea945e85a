// SPDX-License-Identifier: Apache-2.0
// The forms of coroutine code that this project uses, each as a test: g++ 12 destroys some others twice or overflows the stack on
// them, so these must hold in every build (-O1, sanitizers).
#include "runtime/task.hpp"

#include "runtime/sync.hpp"
#include "tests/unit/runtime/support.hpp"

#include <memory>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

/// Counts its copies that live: destroyed twice or never, it shows.
struct counted {
    explicit counted(int& n, int v = 0) : live(&n), value(v) { ++*live; }
    counted(const counted& o) : live(o.live), value(o.value) { ++*live; }
    counted(counted&& o) noexcept : live(o.live), value(o.value) { ++*live; }
    counted& operator=(const counted&) = default;
    ~counted() { --*live; }
    int* live;
    int value;
    std::string text = "long enough to live on the heap, where a second free is found";
};

task<int> seven() { co_return 7; }

task<std::string> text_of(int n) { co_return std::string(64, static_cast<char>('a' + n % 26)); }

template <class T>
T run(still_machine& m, task<T> work) {
    std::optional<T> out;
    m.tasks.spawn(store_and_stop<T>(m.on, std::move(work), out));
    m.settle();
    REQUIRE(out.has_value());
    return std::move(*out);
}

// ---- long loops and deep chains ----

task<std::size_t> add_up(std::size_t n) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += static_cast<std::size_t>(co_await seven());
    co_return sum;
}

task<int> descend(int depth) {
    if (depth == 0)
        co_return 0;
    const int below = co_await descend(depth - 1);
    co_return below + 1;
}

task<result<int>> ready_result(int n) { co_return n; }

task<result<long>> add_up_ok(int n) {
    long sum = 0;
    for (int i = 0; i < n; ++i) {
        const int v = co_await ok(ready_result(1));
        const int w = co_await ok(result<int>(1));
        sum += v + w;
    }
    co_return sum;
}

// ---- ok() ----

task<result<int>> fails_at(int depth, int& live) {
    counted here(live);
    if (depth == 0)
        co_return fail(errc::not_found, "at the bottom");
    const int below = co_await ok(fails_at(depth - 1, live));
    co_return below + 1;
}

task<result<std::string>> other_type(int depth, int& live) {
    counted here(live);
    auto v = co_await ok(fails_at(depth, live));
    co_return std::string(static_cast<std::size_t>(v), 'x');
}

task<result<void>> void_type(int depth, int& live, bool& went_on) {
    counted here(live);
    co_await ok(other_type(depth, live));
    went_on = true;
    co_return {};
}

task<result<int>> ok_of_result(result<int> r, int& live) {
    counted here(live);
    const int v = co_await ok(std::move(r));
    co_return v + 1;
}

}  // namespace

TEST_CASE("a million awaits that are ready at once do not grow the stack") {
    still_machine m;
    const std::size_t sum = run(m, add_up(1'000'000));
    REQUIRE(sum == 7'000'000);
}

TEST_CASE("a million awaits through ok do not grow the stack") {
    still_machine m;
    const auto sum = run(m, add_up_ok(1'000'000));
    REQUIRE(sum.has_value());
    REQUIRE(*sum == 2'000'000);
}

TEST_CASE("a chain of coroutines a hundred thousand deep unwinds without recursion") {
    still_machine m;
    const int depth = run(m, descend(100'000));
    REQUIRE(depth == 100'000);
}

TEST_CASE("ok ends every task of a chain with the error, and destroys each frame's contents once") {
    int live = 0;
    bool went_on = false;
    still_machine m;
    const auto r = run(m, void_type(20, live, went_on));
    REQUIRE_FALSE(r.has_value());
    REQUIRE(r.error() == error(errc::not_found, "at the bottom"));
    REQUIRE_FALSE(went_on);
    REQUIRE(live == 0);
}

TEST_CASE("ok of a result that is there already gives the value or ends the task") {
    int live = 0;
    still_machine m;
    const auto good = run(m, ok_of_result(41, live));
    const auto bad = run(m, ok_of_result(fail(errc::full, "no room"), live));
    REQUIRE(good.has_value());
    REQUIRE(*good == 42);
    REQUIRE_FALSE(bad.has_value());
    REQUIRE(bad.error().code == errc::full);
    REQUIRE(live == 0);
}

// ---- the safe forms, one by one ----

namespace {

// A named capturing lambda, moved in (inline in the awaiting statement it is destroyed twice).
template <class F>
task<int> call(F f) {
    co_return f();
}
task<int> named_lambda(int& live) {
    counted c(live, 5);
    auto f = [c] { return c.value; };
    const int v = co_await call(std::move(f));
    co_return v;
}

// An aggregate, named and moved in.
struct pair_of_texts {
    std::string a, b;
};
task<std::size_t> length_of(pair_of_texts p) { co_return p.a.size() + p.b.size(); }
task<std::size_t> named_aggregate() {
    pair_of_texts p{std::string(40, 'a'), std::string(50, 'b')};
    const std::size_t n = co_await length_of(std::move(p));
    co_return n;
}

// A type with a constructor may be made in the statement.
task<int> value_of(counted c) { co_return c.value; }
task<int> constructed_inline(int& live) {
    const int v = co_await value_of(counted(live, 9));
    co_return v;
}

// Temporaries bound to reference parameters live until the await is over.
task<std::size_t> size_of(const std::string& s) { co_return s.size(); }
task<std::size_t> reference_to_temporary() {
    const std::size_t n = co_await size_of(std::string(70, 'q'));
    co_return n;
}

// Several awaits in one call; their order is the compiler's, their values are right.
std::string join_texts(std::string a, std::string b) { return a + b; }
task<std::string> two_in_a_call() {
    std::string s = join_texts(co_await text_of(0), co_await text_of(1));
    co_return s;
}

// if and else instead of ?:.
task<std::string> either(bool b) {
    if (b) {
        std::string s = co_await text_of(2);
        co_return s;
    }
    std::string s = co_await text_of(3);
    co_return s;
}

// && and ||, switch, range-for, structured bindings.
task<bool> yes() { co_return true; }
task<std::tuple<std::string, int>> text_and_number() { co_return std::make_tuple(std::string(40, 't'), 3); }
task<int> control_flow(int which) {
    int sum = 0;
    if (co_await yes() && co_await seven() == 7)
        sum += 1;
    switch (co_await seven() + which) {
        case 7: sum += 10; break;
        case 8: {
            const std::string s = co_await text_of(1);
            sum += static_cast<int>(s.size());
            break;
        }
        default: break;
    }
    std::vector<std::string> texts;
    texts.push_back(co_await text_of(4));
    texts.push_back(co_await text_of(5));
    for (const auto& t : texts)
        sum += co_await size_of(t) == 64 ? 100 : 0;
    const auto [text, number] = co_await text_and_number();
    co_return sum + number + static_cast<int>(text.size());
}

// A variant and a move-only value as results.
task<std::variant<std::string, int>> variant_of(bool text) {
    if (text)
        co_return std::string(50, 'v');
    co_return 8;
}
task<std::unique_ptr<counted>> owned(int& live) { co_return std::make_unique<counted>(live, 4); }
task<int> variants_and_owners(int& live) {
    const auto a = co_await variant_of(true);
    const auto b = co_await variant_of(false);
    auto c = co_await owned(live);
    co_return static_cast<int>(std::get<std::string>(a).size()) + std::get<int>(b) + c->value;
}

// A member function, and a generic lambda that is a coroutine without captures.
struct account {
    int balance = 3;
    task<int> add(int n) {
        balance += n;
        co_return balance;
    }
};
task<int> members_and_generic() {
    account a;
    int sum = co_await a.add(4);
    auto twice = [](auto v) -> task<int> { co_return static_cast<int>(v + v); };
    sum += co_await twice(5);
    co_return sum;
}

task<result<void>> empty_braces() { co_return {}; }

}  // namespace

TEST_CASE("a named lambda with captures is moved into an awaited call and destroyed once") {
    int live = 0;
    still_machine m;
    REQUIRE(run(m, named_lambda(live)) == 5);
    REQUIRE(live == 0);
}

TEST_CASE("a named aggregate is moved into an awaited call") {
    still_machine m;
    REQUIRE(run(m, named_aggregate()) == 90);
}

TEST_CASE("a temporary with a constructor is destroyed once") {
    int live = 0;
    still_machine m;
    REQUIRE(run(m, constructed_inline(live)) == 9);
    REQUIRE(live == 0);
}

TEST_CASE("a temporary bound to a reference parameter lives until the await is over") {
    still_machine m;
    REQUIRE(run(m, reference_to_temporary()) == 70);
}

TEST_CASE("several awaits in one call, branches, loops and bindings keep their values") {
    int live = 0;
    still_machine m;
    REQUIRE(run(m, two_in_a_call()) == std::string(64, 'a') + std::string(64, 'b'));
    REQUIRE(run(m, either(true)) == std::string(64, 'c'));
    REQUIRE(run(m, either(false)) == std::string(64, 'd'));
    REQUIRE(run(m, control_flow(0)) == 1 + 10 + 200 + 43);
    REQUIRE(run(m, control_flow(1)) == 1 + 64 + 200 + 43);
    REQUIRE(run(m, variants_and_owners(live)) == 50 + 8 + 4);
    REQUIRE(live == 0);
    REQUIRE(run(m, members_and_generic()) == 17);
    REQUIRE(run(m, empty_braces()).has_value());
}

// ---- lifetime ----

namespace {

task<int> holds(counted c, event& e) {
    counted local(*c.live);
    result<void> woken = co_await e.wait();
    co_return woken ? c.value : -1;
}
task<int> awaits_holder(int& live, event& e) {
    counted mine(live);
    const int v = co_await holds(counted(live, 6), e);
    co_return v;
}

}  // namespace

TEST_CASE("a task that was never started destroys its parameters") {
    int live = 0;
    event e;
    {
        const auto t = holds(counted(live), e);
        REQUIRE(live == 1);
    }
    REQUIRE(live == 0);
}

TEST_CASE("a suspended chain is destroyed by its owner, each part once") {
    int live = 0;
    event e;
    still_machine m;
    {
        auto t = awaits_holder(live, e);
        stop_state stop;
        auto& promise = t.get().promise();
        promise.queue = &m.here.main_queue();
        promise.stop = &stop;
        m.here.drive(t.get());
        REQUIRE(live == 4);
    }
    REQUIRE(live == 0);
}

TEST_CASE("moving a task moves its ownership") {
    int live = 0;
    event e;
    auto a = holds(counted(live), e);
    auto b = std::move(a);
    a = holds(counted(live), e);
    a = std::move(b);
    REQUIRE(live == 1);
}
