// SPDX-License-Identifier: Apache-2.0
#include "storage/wal.hpp"

#include "base/text.hpp"
#include "storage/wal_format.hpp"
#include "tests/unit/runtime/sim/support.hpp"

using namespace tetrad;
using namespace tetrad::storage;
using runtime::ok;
using runtime::task;
namespace sim = runtime::sim;

namespace {

const std::string path = "/node/cs.wal/wal";
using records = std::vector<std::string>;

task<result<void>> write(wal& log, records all, bool synced) {
    for (const auto& r : all) {
        log.append(view(r));
        if (synced)
            co_await ok(log.sync());
        else
            co_await ok(log.flush());
    }
    co_return result<void>{};
}

struct machine {
    explicit machine(std::uint64_t seed = 1, wal_limits l = {})
        : limits(l), world(seed), host(world.add_host("a", "10.0.0.1")) {
        host.disk().make_directories("/node");
        start();
    }
    void start() {
        process.reset();
        process = std::make_unique<sim::testing::process>(host);
        auto opened = process->run(wal::open(path, limits));
        if (!opened)
            FAIL(opened.error().text);
        log = std::move(*opened);
    }
    /// The process is killed, or the machine loses its power; then it starts again.
    void restart(bool power_lost) {
        log.reset();
        process.reset();
        if (power_lost)
            host.disk().lose_power();
        start();
    }
    void append(const records& all, bool synced = true) {
        const auto done = process->run(write(*log, all, synced));
        REQUIRE(done);
    }
    result<std::optional<std::vector<slice>>> read_after(std::string_view mark) {
        return process->run(log->records_after(
            [mark = std::string(mark)](byte_view p) { return text(p) == mark; }));
    }
    records after(std::string_view mark) {
        const auto read = read_after(mark);
        REQUIRE(read);
        REQUIRE(*read);
        records out;
        for (const auto& p : **read)
            out.emplace_back(text(p));
        return out;
    }
    std::vector<std::string> names() { return host.disk().list("/node/cs.wal"); }

    wal_limits limits;
    sim::world world;
    sim::host& host;
    std::unique_ptr<sim::testing::process> process;
    std::unique_ptr<wal> log;
};

}  // namespace

TEST_CASE("a new log is empty, and says so") {
    machine m;
    CHECK(m.log->is_new());
    CHECK(m.log->repaired().empty());
    CHECK_FALSE(m.read_after("end 0").value());
    m.append({"one"});
    m.restart(false);
    CHECK_FALSE(m.log->is_new());
}

TEST_CASE("what comes after the last mark is read back") {
    machine m;
    m.append({"end 0", "a", "end 1", "b", "c"});
    CHECK(m.after("end 1") == records{"b", "c"});
    CHECK(m.after("end 0") == records{"a", "end 1", "b", "c"});
    CHECK(m.after("c") == records{});
    CHECK_FALSE(m.read_after("end 2").value());
    m.append({"end 1"});
    CHECK(m.after("end 1") == records{});
}

TEST_CASE("a killed process loses what it did not flush, and nothing else") {
    machine m;
    m.append({"end 0", "a"}, false);
    m.log->append(view("never flushed"));
    m.restart(false);
    CHECK(m.after("end 0") == records{"a"});
    m.append({"b"});
    CHECK(m.after("end 0") == records{"a", "b"});
}

TEST_CASE("what a start finds survives a loss of power, also where a killed process wrote it") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        INFO("seed " << seed);
        machine m(seed);
        m.append({"end 0"});
        m.append({std::string(900, 'a'), "b"}, false);
        m.restart(false);
        const records found = m.after("end 0");
        CHECK(found.size() == 2);
        m.restart(true);
        CHECK(m.after("end 0") == found);
    }
}

TEST_CASE("a start makes the log's directory durable, also where a killed process made it") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        INFO("seed " << seed);
        sim::world world(seed);
        sim::host& host = world.add_host("a", "10.0.0.1");
        host.disk().make_directories("/node");
        REQUIRE(host.disk().make_dir("/node/cs.wal", 0700) == 0);  // and was killed
        {
            sim::testing::process process(host);
            auto log = process.run(wal::open(path, {}));
            REQUIRE(log);
            REQUIRE(process.run(write(**log, {"a"}, true)));
        }
        host.disk().lose_power();
        CHECK(host.disk().get_file(path));
    }
}

TEST_CASE(
    "what was synced survives a loss of power, and what was not is a beginning of it or is cut "
    "off") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        machine m(seed);
        m.append({"end 0", "a", "b"});
        m.append({std::string(900, 'c'), std::string(900, 'd'), "e"}, false);
        m.restart(true);
        const auto read = m.after("end 0");
        REQUIRE(read.size() >= 2);
        CHECK(read[0] == "a");
        CHECK(read[1] == "b");
        const records wanted{"a", "b", std::string(900, 'c'), std::string(900, 'd'), "e"};
        CHECK(read ==
              records(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(read.size())));
        // And it goes on from there.
        m.append({"f"});
        m.restart(true);
        CHECK(m.after("end 0").back() == "f");
    }
}

TEST_CASE("a torn or damaged tail is cut off and kept beside") {
    for (const bool torn : {true, false}) {
        machine m;
        m.append({"end 0", "a", "b"});
        m.log.reset();
        m.process.reset();
        auto content = m.host.disk().get_file(path).value();
        const std::size_t good = content.size() - wal_header_size - 1;
        if (torn)
            content.pop_back();
        else
            content.back() ^= 1;
        m.host.disk().put_file(path, content);
        m.start();
        INFO(m.log->repaired());
        CHECK(m.log->repaired().find(torn ? "unfinished" : "damaged") != std::string::npos);
        CHECK(m.host.disk().get_file(path + ".CORRUPTED").value() == content);
        CHECK(m.host.disk().get_file(path).value().size() == good);
        CHECK(m.after("end 0") == records{"a"});
    }
}

TEST_CASE("a full head becomes an older file, and the oldest go") {
    machine m(1, {1000, 3500});
    records all{"end 0"};
    for (int i = 0; i < 100; ++i)
        all.push_back(format("{:092}", i));  // 100 bytes with the header
    m.append(all);
    CHECK(m.names() == std::vector<std::string>{"wal", "wal.007", "wal.008", "wal.009"});
    CHECK_FALSE(m.read_after("end 0").value());
    CHECK(m.after(format("{:092}", 75)).size() == 24);
    m.restart(true);
    CHECK(m.after(format("{:092}", 75)).size() == 24);
    CHECK_FALSE(m.log->is_new());
    m.append(records(10, std::string(92, 'x')));
    CHECK(m.names() == std::vector<std::string>{"wal", "wal.008", "wal.009", "wal.010"});
}

TEST_CASE("damage in an older file is an error that names it, where it is needed") {
    machine m(1, {200, 100000});
    m.append({"end 0", std::string(300, 'a'), "end 1", std::string(300, 'b'), "end 2", "c"});
    REQUIRE(m.host.disk().damage("/node/cs.wal/wal.000", 30, 1));
    CHECK(m.after("end 2") == records{"c"});
    const auto read = m.read_after("end 0");
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::corrupt);
    CHECK(read.error().text.find("/node/cs.wal/wal.000 is damaged at byte") == 0);
}

TEST_CASE("after a failed write or sync nothing is written any more") {
    for (const auto code : {runtime::op_code::write, runtime::op_code::sync}) {
        machine m;
        m.append({"end 0"});
        m.host.disk().add_fault({code, path, 0, 1, 28});
        const auto failed = m.process->run(write(*m.log, {"a"}, true));
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == errc::fatal);
        const auto later = m.process->run(write(*m.log, {"b"}, true));
        REQUIRE_FALSE(later);
        CHECK(later.error().text == failed.error().text);
    }
}

TEST_CASE("other files beside the log are not its business") {
    machine m;
    m.append({"end 0", "a"});
    m.host.disk().put_file("/node/cs.wal/wal.bak", view("x"));
    m.host.disk().put_file("/node/cs.wal/wal.12x", view("x"));
    m.host.disk().put_file("/node/cs.wal/other.000", view("x"));
    m.restart(false);
    CHECK(m.after("end 0") == records{"a"});
}
