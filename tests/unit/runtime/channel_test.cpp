// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel.hpp"

#include "tests/unit/runtime/support.hpp"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

using words = std::vector<std::string>;

task<void> produce(channel<int>& c, int from, int to, words& seen) {
    for (int i = from; i < to; ++i) {
        result<void> pushed = co_await c.push(i);
        if (!pushed) {
            seen.push_back("push " + pushed.error().text);
            co_return;
        }
    }
    seen.push_back("produced");
}
task<void> consume(channel<int>& c, std::vector<int>& got, words& seen) {
    for (;;) {
        result<int> v = co_await c.pop();
        if (!v) {
            seen.push_back("pop " + v.error().text);
            co_return;
        }
        got.push_back(*v);
    }
}

}  // namespace

TEST_CASE("a producer waits where the channel is full, and nothing is lost or reordered") {
    channel<int> c(3);
    words seen;
    std::vector<int> got;
    still_machine m;
    m.tasks.spawn(produce(c, 0, 1000, seen));
    m.settle();
    REQUIRE(c.size() == 3);
    REQUIRE(seen.empty());
    m.tasks.spawn(consume(c, got, seen));
    m.settle();
    REQUIRE(seen == words{"produced"});
    REQUIRE(got.size() == 1000);
    for (int i = 0; i < 1000; ++i)
        REQUIRE(got[static_cast<std::size_t>(i)] == i);
    REQUIRE(c.size() == 0);
}

TEST_CASE("several producers and consumers share a channel without losing a value") {
    channel<int> c(2);
    words seen;
    std::vector<int> a, b;
    still_machine m;
    for (int p = 0; p < 4; ++p)
        m.tasks.spawn(produce(c, p * 100, p * 100 + 100, seen));
    m.tasks.spawn(consume(c, a, seen));
    m.tasks.spawn(consume(c, b, seen));
    m.settle();
    REQUIRE(a.size() + b.size() == 400);
    a.insert(a.end(), b.begin(), b.end());
    std::sort(a.begin(), a.end());
    for (int i = 0; i < 400; ++i)
        REQUIRE(a[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("try_push and try_pop never wait and say so") {
    channel<std::unique_ptr<int>> c(2);
    REQUIRE_FALSE(c.try_pop().has_value());
    REQUIRE(c.try_push(std::make_unique<int>(1)));
    REQUIRE(c.try_push(std::make_unique<int>(2)));
    REQUIRE_FALSE(c.try_push(std::make_unique<int>(3)));
    const auto first = c.try_pop();
    REQUIRE(first.has_value());
    REQUIRE(**first == 1);
    REQUIRE(c.try_push(std::make_unique<int>(4)));
}

TEST_CASE("after close pushes fail, pops drain what is left and then fail with closed") {
    channel<int> c(2);
    words seen;
    std::vector<int> got;
    still_machine m;
    m.tasks.spawn(produce(c, 0, 5, seen));  // two fit, the third waits
    m.settle();
    c.close();
    m.settle();
    REQUIRE(seen == words{"push channel closed"});
    REQUIRE_FALSE(c.try_push(9));
    m.tasks.spawn(consume(c, got, seen));
    m.settle();
    REQUIRE(got == std::vector<int>{0, 1});
    REQUIRE(seen.back() == "pop channel closed");
}

TEST_CASE("a close wakes who waits for a value") {
    channel<int> c(2);
    words seen;
    std::vector<int> got;
    still_machine m;
    m.tasks.spawn(consume(c, got, seen));
    m.tasks.spawn(consume(c, got, seen));
    m.settle();
    c.close();
    m.settle();
    REQUIRE(seen == words{"pop channel closed", "pop channel closed"});
}

TEST_CASE("a stop ends waiting pushes and pops, and leaves the channel as it was") {
    channel<int> full(1), none(1);
    words seen;
    std::vector<int> got;
    still_machine m;
    scope mine(m.here);
    REQUIRE(full.try_push(7));
    mine.spawn(produce(full, 0, 1, seen));
    mine.spawn(consume(none, got, seen));
    m.settle();
    mine.request_stop();
    m.settle();
    REQUIRE(seen == words{"push cancelled", "pop cancelled"});
    REQUIRE(full.size() == 1);
    REQUIRE(*full.try_pop() == 7);
}
