// SPDX-License-Identifier: Apache-2.0
// The log thread with real threads and a file. Nothing here sleeps: stop() waits until all is written.
#include "base/log.hpp"

#include "base/text.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace tetrad;

namespace {

// A file of this process alone, gone at the end.
struct scratch {
    std::filesystem::path path;
    scratch() {
        static int count = 0;
        path = std::filesystem::temp_directory_path() / format("tetrad-log-{}-{}", ::getpid(), ++count);
    }
    ~scratch() { std::filesystem::remove(path); }
    std::vector<std::string> lines() const {
        std::ifstream in(path);
        std::vector<std::string> out;
        for (std::string line; std::getline(in, line);)
            out.push_back(line);
        return out;
    }
};

std::unique_ptr<log_thread> made(const scratch& file, std::size_t ring_records, log_format format = log_format::plain) {
    auto made = log_thread::create({.format = format, .path = file.path, .ring_records = ring_records});
    REQUIRE(made);
    return std::move(*made);
}

std::uint64_t reported_drops(const std::vector<std::string>& lines) {
    std::uint64_t total = 0;
    for (const auto& line : lines)
        if (const auto at = line.find("dropped="); at != std::string::npos)
            total += *parse_decimal<std::uint64_t>(std::string_view(line).substr(at + 8));
    return total;
}

}  // namespace

TEST_CASE("what was logged is in the file after stop, with its thread's time") {
    scratch file;
    auto log = made(file, 16);
    auto& port = log->add_port([] { return timestamp{1704164645, 0}; });
    log->start();
    logger(port, "main").info("started", "pid", 1);
    logger(port, "main").debug("not at this level");
    logger(port, "p2p").error("gone");
    log->stop();
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].starts_with("I[2024-01-02|03:04:05.000] started "));
    CHECK(lines[0].ends_with("module=main pid=1"));
    CHECK(lines[1].starts_with("E["));
    CHECK(log->dropped() == 0);
    log->stop();  // again does nothing
}

TEST_CASE("a full ring drops, counts, and the count is logged") {
    scratch file;
    auto log = made(file, 8);
    auto& port = log->add_port([] { return timestamp::unix_epoch(); });
    const logger l(port, "m");
    for (int i = 0; i < 20; ++i)
        l.info("line", "i", i);  // nobody drains yet
    CHECK(log->dropped() == 12);
    log->start();
    log->stop();
    const auto lines = file.lines();
    REQUIRE(lines.size() == 9);
    for (int i = 0; i < 8; ++i)
        CHECK(lines[static_cast<std::size_t>(i)].ends_with(format("i={}", i)));
    CHECK(lines[8].find("log ring was full, records dropped") != std::string::npos);
    CHECK(lines[8].ends_with("module=log dropped=12"));
}

TEST_CASE("threads that log at once lose nothing uncounted, and each keeps its order") {
    scratch file;
    constexpr int threads = 4, each = 5000;
    auto log = made(file, 64, log_format::plain);
    std::vector<log_sink*> ports;
    for (int t = 0; t < threads; ++t)
        ports.push_back(&log->add_port([] { return timestamp::unix_epoch(); }));
    log->start();
    std::vector<std::thread> writers;
    for (int t = 0; t < threads; ++t)
        writers.emplace_back([t, port = ports[static_cast<std::size_t>(t)]] {
            const logger l(*port, format("t{}", t));
            for (int i = 0; i < each; ++i)
                l.info("line", "i", i);
        });
    for (auto& w : writers)
        w.join();
    log->stop();

    const auto lines = file.lines();
    std::map<char, int> last;
    std::uint64_t written = 0;
    for (const auto& line : lines) {
        const auto module = line.find("module=t");
        if (module == std::string::npos)
            continue;
        ++written;
        const char thread = line[module + 8];
        const int i = *parse_decimal<int>(std::string_view(line).substr(line.find(" i=") + 3));
        const auto [at, first] = last.emplace(thread, i);
        if (!first) {
            REQUIRE(i > at->second);
            at->second = i;
        }
    }
    CHECK(last.size() == threads);
    CHECK(written + log->dropped() == threads * each);
    CHECK(reported_drops(lines) == log->dropped());
}

TEST_CASE("a sleeping log thread is woken by each line") {
    // One line at a time, each waited for: a lost wake-up would leave the file short and the test waiting for its end.
    scratch file;
    auto log = made(file, 4);
    auto& port = log->add_port([] { return timestamp::unix_epoch(); });
    log->start();
    const logger l(port, "m");
    for (int i = 0; i < 200; ++i) {
        l.info("line", "i", i);
        const auto wanted = static_cast<std::size_t>(i + 1);
        for (int tries = 0; tries < 1'000'000 && file.lines().size() < wanted; ++tries)
            std::this_thread::yield();
        REQUIRE(file.lines().size() == wanted);
    }
    log->stop();
    CHECK(log->dropped() == 0);
}

TEST_CASE("a log that is started and stopped many times keeps all lines") {
    scratch file;
    auto log = made(file, 64);
    auto& port = log->add_port([] { return timestamp::unix_epoch(); });
    const logger l(port, "m");
    for (int i = 0; i < 20; ++i) {
        log->start();
        l.info("line", "i", i);
        log->stop();
    }
    CHECK(file.lines().size() == 20);
}

TEST_CASE("a file that cannot be opened is an error in words") {
    const auto refused = log_thread::create({.path = "/proc/no/such/file"});
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::io);
    CHECK(refused.error().text.find("/proc/no") != std::string::npos);
}
