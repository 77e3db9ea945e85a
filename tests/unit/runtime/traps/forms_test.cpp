// SPDX-License-Identifier: Apache-2.0
// What g++ 12 makes of temporaries in the statement that awaits. Each form that this project writes is a case here, and so is each
// that looks alike and is fine; they must hold in every build (-O1, sanitizers). The forms on the left are destroyed twice, run
// twice or do not compile: tests/tidy/coro.py finds them.
//
//     banned in the statement that awaits               written instead
//     a lambda that captures                            named and moved in
//     a braced aggregate, also as an awaiter            named and moved in; or given a constructor
//     an aggregate made of awaited values               the values named first
//     ?: with co_await in a branch                      if and else
//     a braced list of elements                         reserve and push_back
//     await_suspend that returns a handle               the trampoline of runtime/task.hpp
//     a statement expression, a macro's argument        ok(), or the awaited value named first
#include "runtime/task.hpp"

#include "runtime/sync.hpp"
#include "tests/unit/runtime/counted.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

task<int> seven() { co_return 7; }

task<std::string> text_of(int n) { co_return std::string(64, static_cast<char>('a' + n % 26)); }

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

// The same aggregate with a constructor may be made in the statement.
struct built_pair : pair_of_texts {
    built_pair(std::string x, std::string y) : pair_of_texts{std::move(x), std::move(y)} {}
};
task<std::size_t> length_of_built(built_pair p) { co_return p.a.size() + p.b.size(); }
task<std::size_t> built_inline() {
    const std::size_t n = co_await length_of_built(built_pair(std::string(40, 'a'), std::string(50, 'b')));
    co_return n;
}

// An aggregate of awaited values: they are named first.
task<std::size_t> aggregate_of_awaited() {
    std::string a = co_await text_of(0);
    std::string b = co_await text_of(1);
    pair_of_texts p{std::move(a), std::move(b)};
    const std::size_t n = co_await length_of(std::move(p));
    co_return n;
}

// An awaiter with a constructor may hold what has a destructor.
struct holding_awaiter {
    explicit holding_awaiter(counted c) : held(std::move(c)) {}
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    int await_resume() const { return held.value; }
    counted held;
};
task<int> awaits_a_holder(int& live) {
    const int v = co_await holding_awaiter(counted(live, 11));
    co_return v;
}

// A list of elements is filled first.
task<std::size_t> total_of(std::vector<std::string> texts) {
    std::size_t n = 0;
    for (const auto& t : texts)
        n += t.size();
    co_return n;
}
task<std::size_t> filled_list() {
    std::vector<std::string> texts;
    texts.reserve(2);
    texts.push_back(std::string(40, 'l'));
    texts.push_back(co_await text_of(6));
    const std::size_t n = co_await total_of(std::move(texts));
    co_return n;
}

// Exceptions of a library pass through awaits to a handler in the same task, and what lived is destroyed once.
task<int> caught(int& live) {
    try {
        counted c(live, 3);
        const int v = co_await seven();
        if (v == 7)
            throw std::runtime_error("of a library");
    } catch (const std::runtime_error&) {
        co_return live;
    }
    co_return -1;
}

// Default arguments that are temporaries of their own.
task<std::size_t> with_defaults(std::string a = std::string(40, 'd'), const std::string& b = std::string(50, 'e')) {
    co_return a.size() + b.size();
}
task<std::size_t> nested_defaults() {
    const std::size_t n = co_await with_defaults(std::string(co_await with_defaults(), 'n'));
    co_return n;
}

// What needs no destructor survives also in the banned places; the rule does not look at types, and bans it.
task<int> trivial_captures(int a) {
    const int v = co_await call([a] { return a + 1; });
    co_return v;
}
task<int> trivial_branches(bool b) {
    const int v = b ? co_await seven() : co_await call([] { return 1; });
    co_return v;
}

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

TEST_CASE("a list that is filled first is moved into an awaited call") {
    still_machine m;
    REQUIRE(run(m, filled_list()) == 40 + 64);
}

TEST_CASE("an awaiter with a constructor destroys what it holds once") {
    int live = 0;
    still_machine m;
    REQUIRE(run(m, awaits_a_holder(live)) == 11);
    REQUIRE(live == 0);
}

TEST_CASE("aggregates with a constructor, and of values that were awaited before, are right") {
    still_machine m;
    REQUIRE(run(m, built_inline()) == 90);
    REQUIRE(run(m, aggregate_of_awaited()) == 128);
}

TEST_CASE("an exception is caught after an await, and what lived was destroyed once") {
    int live = 0;
    still_machine m;
    REQUIRE(run(m, caught(live)) == 0);
    REQUIRE(live == 0);
}

TEST_CASE("default arguments within default arguments live until the await is over") {
    still_machine m;
    REQUIRE(run(m, nested_defaults()) == 90 + 50);
}

TEST_CASE("captures and branches without destructors are right also where the rule bans them") {
    still_machine m;
    REQUIRE(run(m, trivial_captures(4)) == 5);
    REQUIRE(run(m, trivial_branches(true)) == 7);
    REQUIRE(run(m, trivial_branches(false)) == 1);
}
