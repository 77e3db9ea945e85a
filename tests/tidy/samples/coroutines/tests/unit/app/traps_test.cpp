// SPDX-License-Identifier: Apache-2.0
TEST_CASE("a test's own lambda may capture and be a coroutine") {
    run([&]() -> task<void> {
        auto value = co_await one();
        REQUIRE(value == 1);
        REQUIRE(co_await one() == 1);
    });
}
