// SPDX-License-Identifier: Apache-2.0
// What a loss of power and a failing disk do to a log, and how few writes it takes. What holds over every backend is in
// conformance/group_commit_test.cpp.
#include "runtime/group_commit.hpp"

#include "base/text.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <set>
#include <string>
#include <vector>

using namespace tetrad;
using namespace tetrad::runtime;

namespace {

constexpr const char* path = "/log";
constexpr std::size_t record_bytes = 200;

/// A number, and a filling that depends on it: what is torn does not look like one.
bytes record_of(std::uint64_t number) {
    const std::string head = format("{:08}", number);
    bytes out(head.begin(), head.end());
    while (out.size() < record_bytes)
        out.push_back(static_cast<std::uint8_t>('a' + (number + out.size()) % 26));
    return out;
}

/// The numbers of all whole records, in the order in which they lie.
std::vector<std::uint64_t> records_in(const bytes& content) {
    std::vector<std::uint64_t> out;
    for (std::size_t at = 0; at + record_bytes <= content.size(); at += record_bytes) {
        const byte_view slot = byte_view(content).subspan(at, record_bytes);
        const auto number = parse_decimal<std::uint64_t>(text(slot.first(8)));
        if (number && equal(record_of(*number), slot))
            out.push_back(*number);
    }
    return out;
}

/// One host with a log on it. Turned by the world.
struct machine {
    explicit machine(std::uint64_t seed = 1, group_limits l = {}, std::uint32_t flags = 0)
        : world(seed),
          host(world.add_host("a", "10.0.0.1")),
          process(std::make_unique<sim::testing::process>(host)) {
        auto opened = process->run(
            file::open(path, open_flags::read | open_flags::write | open_flags::create | flags));
        if (!opened || !process->run(sync_directory("/")))
            FAIL("no log");
        to = std::move(*opened);
        log.emplace(process->here, to, 0, l);
    }
    ~machine() {
        if (log)
            (void)process->run(log->close());
        log.reset();
        to.close();
        process.reset();
    }

    void spawn_append(std::uint64_t number) { process->tasks.spawn(append(number)); }
    task<void> append(std::uint64_t number) {
        const bytes record = record_of(number);
        const auto done = co_await log->append(record);
        if (done)
            acknowledged.insert(number);
        else
            failures.push_back(done.error().code);
    }
    /// One after the other until one fails.
    task<void> append_many(std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t n = first; n < first + count && failures.empty(); ++n)
            co_await append(n);
    }
    bool run_until_done() {
        return world.run_until([&] { return process->tasks.running() == 0; }, world.now() + 1h);
    }
    std::uint64_t writes() {
        return process->io().counts().submitted[static_cast<std::size_t>(op_code::write_durable)];
    }
    std::vector<std::uint64_t> stored() { return records_in(*host.disk().get_file(path)); }

    sim::world world;
    sim::host& host;
    std::unique_ptr<sim::testing::process> process;
    file to;
    std::optional<group_commit> log;
    std::set<std::uint64_t> acknowledged;
    std::vector<errc> failures;
};

}  // namespace

TEST_CASE("what is appended while a commit is in flight shares the next one") {
    machine m;
    m.host.disk().plan().short_io_percent = 0;
    for (std::uint64_t n = 0; n < 64; ++n)
        m.spawn_append(n);
    REQUIRE(m.run_until_done());
    CHECK(m.acknowledged.size() == 64);
    // The first begins a commit in its own turn; those of the same turn are in it as well, others in the next.
    CHECK(m.log->commits() <= 2);
    CHECK(m.writes() == m.log->commits());
    CHECK(m.log->end() == 64 * record_bytes);
}

TEST_CASE("a loss of power takes nothing that was acknowledged") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        machine m(seed, {4096}, seed % 2 ? open_flags::direct : 0);
        m.host.disk().plan().torn_sectors_are_garbage = false;
        for (std::uint64_t writer = 0; writer < 8; ++writer)
            m.process->tasks.spawn(m.append_many(writer * 1000, 1000));
        m.world.run_for(duration(static_cast<std::int64_t>(seed * 1'700'000)));
        const auto before = m.acknowledged;
        m.host.power_off();
        const auto stored = m.stored();
        const std::set<std::uint64_t> left(stored.begin(), stored.end());
        for (const std::uint64_t n : before)
            REQUIRE(left.contains(n));
        m.host.power_on();
        REQUIRE(m.run_until_done());
    }
}

TEST_CASE(
    "a write that failed fails all that wait and all that come, and nothing is written any more") {
    machine m;
    m.process->tasks.spawn(m.append_many(0, 3));
    REQUIRE(m.run_until_done());
    m.host.disk().add_fault({op_code::write_durable, path, 0, 1});
    m.host.disk().add_fault({op_code::write, path, 0, 1});
    m.host.disk().add_fault({op_code::sync, path, 0, 1});
    for (std::uint64_t n = 10; n < 14; ++n)
        m.spawn_append(n);
    REQUIRE(m.run_until_done());
    CHECK(m.failures == std::vector<errc>(4, errc::fatal));
    const auto writes = m.writes();
    m.host.disk().clear_faults();
    m.spawn_append(20);
    REQUIRE(m.run_until_done());
    CHECK(m.failures.size() == 5);
    CHECK(m.writes() == writes);
    CHECK(m.acknowledged == std::set<std::uint64_t>{0, 1, 2});
    CHECK(m.log->end() == 3 * record_bytes);
    const auto closed = m.process->run(m.log->close());
    REQUIRE_FALSE(closed);
    CHECK(closed.error().code == errc::fatal);
}
