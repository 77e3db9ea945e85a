// SPDX-License-Identifier: Apache-2.0
#include "runtime/stop.hpp"

#include <memory>
#include <vector>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;

namespace {

struct noted : stop_node {
    noted(int n, std::vector<int>& t)
        : stop_node([](stop_node& x) {
              auto& me = static_cast<noted&>(x);
              me.to->push_back(me.number);
          }),
          number(n),
          to(&t) {}
    int number;
    std::vector<int>* to;
};

}  // namespace

TEST_CASE("a request calls every node once, in the order they were added") {
    std::vector<int> called;
    stop_state s;
    noted a(1, called), b(2, called), c(3, called);
    s.add(a);
    s.add(b);
    s.add(c);
    b.unlink();
    s.request();
    s.request(errc::timed_out);
    REQUIRE(called == std::vector<int>{1, 3});
    REQUIRE(s.why() == errc::cancelled);  // the first reason stays
    REQUIRE_FALSE(a.is_linked());
}

TEST_CASE("a node that is destroyed is not called") {
    std::vector<int> called;
    stop_state s;
    {
        noted a(1, called);
        s.add(a);
    }
    s.request();
    REQUIRE(called.empty());
}

TEST_CASE("a reason goes down the tree, to children made later too, and never up") {
    std::vector<int> called;
    stop_state root;
    stop_state child(&root), grandchild(&child), sibling(&root);
    noted a(1, called);
    grandchild.add(a);
    child.request(errc::timed_out);
    REQUIRE(called == std::vector<int>{1});
    REQUIRE(grandchild.why() == errc::timed_out);
    REQUIRE_FALSE(root.requested());
    REQUIRE_FALSE(sibling.requested());
    stop_state late(&child);
    REQUIRE(late.requested());
    REQUIRE(late.why() == errc::timed_out);
    root.request();
    REQUIRE(sibling.requested());
    REQUIRE(child.why() == errc::timed_out);
    REQUIRE(late.failure().error().code == errc::timed_out);
    REQUIRE(sibling.failure().error().code == errc::cancelled);
}

TEST_CASE("a state that is destroyed lets go of parent and nodes") {
    std::vector<int> called;
    stop_state root;
    noted a(1, called);
    {
        stop_state child(&root);
        child.add(a);
    }
    REQUIRE_FALSE(a.is_linked());
    root.request();
    REQUIRE(called.empty());
}
