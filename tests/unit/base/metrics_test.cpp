// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.hpp"

#include <csignal>
#include <limits>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;

namespace {

std::string text_of(std::initializer_list<const metrics*> registries,
                    const metrics_frame& frame = {}) {
    std::string out;
    write_text(out, std::span(registries.begin(), registries.size()), frame);
    return out;
}

template <class F>
bool aborts(F&& f) {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // Catch2 has a handler
        ::close(STDERR_FILENO);
        f();
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

TEST_CASE("a registry's text is what Prometheus reads, ordered by name and labels") {
    metrics m;
    auto ran = m.add_counter({.name = "runtime_run_seconds_total",
                              .help = "Time that tasks ran.",
                              .labels = {{"shard", "network"}, {"queue", "bulk"}},
                              .per_unit = ns_as_seconds});
    auto height = m.add_gauge({.name = "consensus_height", .help = "Height of the chain."});
    auto took = m.add_histogram({.name = "abci_connection_method_timing_seconds",
                                 .help = "Time of a call.",
                                 .labels = {{"method", "check_tx"}},
                                 .per_unit = ns_as_seconds},
                                {100'000, 5'000'000, 2'000'000'000});
    auto urgent = m.add_counter({.name = "runtime_run_seconds_total",
                                 .help = "Time that tasks ran.",
                                 .labels = {{"queue", "a"}, {"shard", "network"}},
                                 .per_unit = ns_as_seconds});
    auto sizes =
        m.add_histogram({.name = "mempool_tx_size_bytes", .help = "Sizes."}, doubling(1, 3));
    ran.add(1500ms);
    ran.add(-1ms);
    urgent.add(2'000'000'000);
    height.set(12'345'678);
    took.observe(100us);
    took.observe(101us);
    took.observe(3s);
    for (const std::uint64_t size : {0, 1, 2, 3, 4, 5})
        sizes.observe(size);

    CHECK(text_of({&m}, {.labels = {{"chain_id", "test-1"}}}) ==
          R"(# HELP cometbft_abci_connection_method_timing_seconds Time of a call.
# TYPE cometbft_abci_connection_method_timing_seconds histogram
cometbft_abci_connection_method_timing_seconds_bucket{chain_id="test-1",method="check_tx",le="0.0001"} 1
cometbft_abci_connection_method_timing_seconds_bucket{chain_id="test-1",method="check_tx",le="0.005"} 2
cometbft_abci_connection_method_timing_seconds_bucket{chain_id="test-1",method="check_tx",le="2"} 2
cometbft_abci_connection_method_timing_seconds_bucket{chain_id="test-1",method="check_tx",le="+Inf"} 3
cometbft_abci_connection_method_timing_seconds_sum{chain_id="test-1",method="check_tx"} 3.000201
cometbft_abci_connection_method_timing_seconds_count{chain_id="test-1",method="check_tx"} 3
# HELP cometbft_consensus_height Height of the chain.
# TYPE cometbft_consensus_height gauge
cometbft_consensus_height{chain_id="test-1"} 12345678
# HELP cometbft_mempool_tx_size_bytes Sizes.
# TYPE cometbft_mempool_tx_size_bytes histogram
cometbft_mempool_tx_size_bytes_bucket{chain_id="test-1",le="1"} 2
cometbft_mempool_tx_size_bytes_bucket{chain_id="test-1",le="2"} 3
cometbft_mempool_tx_size_bytes_bucket{chain_id="test-1",le="4"} 5
cometbft_mempool_tx_size_bytes_bucket{chain_id="test-1",le="+Inf"} 6
cometbft_mempool_tx_size_bytes_sum{chain_id="test-1"} 15
cometbft_mempool_tx_size_bytes_count{chain_id="test-1"} 6
# HELP cometbft_runtime_run_seconds_total Time that tasks ran.
# TYPE cometbft_runtime_run_seconds_total counter
cometbft_runtime_run_seconds_total{chain_id="test-1",queue="a",shard="network"} 2
cometbft_runtime_run_seconds_total{chain_id="test-1",queue="bulk",shard="network"} 1.5
)");
}

TEST_CASE("series of several shards that are equal in name and labels are one sample, their sum") {
    metrics a, b;
    for (metrics* m : {&a, &b}) {
        m->add_counter({.name = "sent_total", .help = "Sent."}).add(7);
        m->add_gauge({.name = "open", .help = "Open."}).add(1.5);
        m->add_histogram({.name = "size", .help = "Size."}, {10}).observe(10);
    }
    b.add_counter({.name = "sent_total", .help = "Sent.", .labels = {{"shard", "b"}}}).add(1);
    CHECK(text_of({&a, &b}, {.prefix = ""}) ==
          "# HELP open Open.\n# TYPE open gauge\nopen 3\n"
          "# HELP sent_total Sent.\n# TYPE sent_total counter\nsent_total "
          "14\nsent_total{shard=\"b\"} 1\n"
          "# HELP size Size.\n# TYPE size histogram\n"
          "size_bucket{le=\"10\"} 2\nsize_bucket{le=\"+Inf\"} 2\nsize_sum 20\nsize_count 2\n");
}

TEST_CASE("what labels and help hold is escaped, and values that are no numbers have names") {
    metrics m;
    m.add_gauge({.name = "a", .help = "One\\two\n\"three\".", .labels = {{"k", "\"q\"\\\nend"}}})
        .set(std::numeric_limits<double>::infinity());
    m.add_gauge({.name = "b", .help = "B."}).set(-std::numeric_limits<double>::infinity());
    m.add_gauge({.name = "c", .help = "C."}).set(std::numeric_limits<double>::quiet_NaN());
    CHECK(text_of({&m}, {.prefix = ""}) ==
          "# HELP a One\\\\two\\n\"three\".\n# TYPE a gauge\na{k=\"\\\"q\\\"\\\\\\nend\"} +Inf\n"
          "# HELP b B.\n# TYPE b gauge\nb -Inf\n# HELP c C.\n# TYPE c gauge\nc NaN\n");
}

TEST_CASE(
    "a series too many, one made twice, and names that are none are refused where they are made") {
    CHECK(aborts([] {
        metrics m(1);
        (void)m.add_gauge({.name = "a", .help = "A."});
        (void)m.add_gauge({.name = "b", .help = "B."});
    }));
    CHECK(aborts([] {
        metrics m;
        (void)m.add_gauge({.name = "a", .help = "A.", .labels = {{"x", "1"}, {"y", "2"}}});
        (void)m.add_gauge({.name = "a", .help = "A.", .labels = {{"y", "2"}, {"x", "1"}}});
    }));
    for (const char* name : {"", "1st", "Upper", "with-dash", "with space"})
        CHECK(aborts([&] { (void)metrics().add_gauge({.name = name, .help = "A."}); }));
    CHECK(aborts([] {
        (void)metrics().add_gauge({.name = "a", .help = "A.", .labels = {{"le", "1"}}});
    }));
    CHECK(aborts([] {
        (void)metrics().add_gauge({.name = "a", .help = "A.", .labels = {{"x", "1"}, {"x", "2"}}});
    }));
    CHECK(aborts([] { (void)metrics().add_histogram({.name = "a", .help = "A."}, {2, 2}); }));
    CHECK(aborts([] {
        (void)metrics().add_histogram({.name = "a", .help = "A."},
                                      doubling(1, histogram::bounds_max + 1));
    }));
    CHECK_FALSE(aborts([] {
        (void)metrics(1).add_histogram({.name = "a", .help = "A."},
                                       doubling(1, histogram::bounds_max));
    }));
}

TEST_CASE("handles stay where they are however many series follow") {
    metrics m;
    auto first = m.add_counter({.name = "first", .help = "F."});
    std::vector<histogram> many;
    for (int i = 0; i < 200; ++i)
        many.push_back(m.add_histogram(
            {.name = "h", .help = "H.", .labels = {{"i", std::to_string(i)}}}, doubling(1, 40)));
    first.add(3);
    for (std::size_t i = 0; i < many.size(); ++i)
        many[i].observe(i);
    CHECK(first.value() == 3);
    for (std::size_t i = 0; i < many.size(); ++i) {
        CHECK(many[i].count() == 1);
        CHECK(many[i].sum() == i);
    }
}

TEST_CASE(
    "one thread counts and makes series while another reads: counts never go back, buckets and "
    "count agree") {
    constexpr int rounds = 200, each = 100;
    metrics m;
    std::thread writer([&m] {
        auto all = m.add_counter({.name = "all_total", .help = "All."});
        auto sizes = m.add_histogram({.name = "sizes", .help = "Sizes."}, doubling(1, 8));
        for (int i = 0; i < rounds; ++i) {
            auto one = m.add_counter(
                {.name = "one_total", .help = "One.", .labels = {{"i", std::to_string(i)}}});
            for (std::uint64_t n = 0; n < each; ++n) {
                all.add();
                one.add();
                sizes.observe(n);
            }
        }
    });
    const auto value_after = [](const std::string& text, std::string_view what) {
        const auto at = text.find(what);
        return at == std::string::npos ? 0ul : std::stoul(text.substr(at + what.size()));
    };
    std::uint64_t last = 0;
    std::string text;
    while (last < rounds * each) {
        text.clear();
        const metrics* one = &m;
        write_text(text, {&one, 1}, {.prefix = ""});
        const auto now = value_after(text, "\nall_total ");
        REQUIRE(now >= last);
        REQUIRE(value_after(text, "sizes_bucket{le=\"+Inf\"} ") ==
                value_after(text, "sizes_count "));
        last = now;
    }
    writer.join();
    CHECK(m.size() == 2 + rounds);
}
