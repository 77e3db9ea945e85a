// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/runtime/echo_client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.hpp"

namespace tetrad::bench {

namespace {

constexpr duration warm_up = 60ms;

/// In memory that both processes see.
struct report {
    std::atomic<pid_t> server{0};  // the thread that serves
    std::uint64_t requests = 0;
    duration wall{}, cpu{}, server_cpu{}, p50{}, p99{};
    double waited = 0;
};

struct connection {
    int fd = -1;
    instant sent{};
};

class client {
public:
    client(std::uint16_t port, std::size_t connections) : poll_(::epoll_create1(EPOLL_CLOEXEC)) {
        must(poll_ >= 0, "epoll_create1");
        for (std::size_t i = 0; i < connections; ++i)
            connections_.push_back(connection{dial(port), {}});
        for (auto& c : connections_) {
            epoll_event wanted{};
            wanted.events = EPOLLIN;
            wanted.data.ptr = &c;
            must(::epoll_ctl(poll_, EPOLL_CTL_ADD, c.fd, &wanted) == 0, "epoll_ctl");
            ask(c);
        }
        latencies_.reserve(1 << 20);
    }

    void run_for(duration d) {
        latencies_.clear();
        std::array<epoll_event, 128> events;
        for (const instant end = clock_now() + d; clock_now() < end;) {
            const int n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 100);
            for (int i = 0; i < n; ++i)
                on_answer(*static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
    }

    std::uint64_t requests() const { return latencies_.size(); }
    duration percentile(double p) {
        if (latencies_.empty())
            return {};
        const auto at =
            std::min(latencies_.size() - 1,
                     static_cast<std::size_t>(p * static_cast<double>(latencies_.size())));
        std::nth_element(latencies_.begin(), latencies_.begin() + static_cast<std::ptrdiff_t>(at),
                         latencies_.end());
        return latencies_[at];
    }

private:
    static int dial(std::uint16_t port) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(fd >= 0, "socket");
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        must(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0, "connect");
        const int on = 1;
        must(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
        return fd;
    }
    void ask(connection& c) {
        c.sent = clock_now();
        must(::write(c.fd, message_.data(), message_.size()) ==
                 static_cast<ssize_t>(message_.size()),
             "write");
    }
    void on_answer(connection& c) {
        std::array<char, echo_bytes> answer;
        must(::read(c.fd, answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()),
             "an answer of 128 bytes");
        latencies_.push_back(clock_now() - c.sent);
        ask(c);
    }

    int poll_;
    std::vector<connection> connections_;
    std::vector<duration> latencies_;
    std::array<char, echo_bytes> message_{};
};

/// The process that serves does nothing but serve meanwhile: its CPU is the server's.
[[noreturn]] void be_client(std::uint16_t port, std::size_t connections, const place& where,
                            report& out) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(where.at.second);
    client c(port, connections);
    c.run_for(warm_up);
    const meter server(::getppid(), out.server);
    const meter used;
    c.run_for(where.window);
    out.wall = used.wall();
    out.cpu = used.cpu();
    out.server_cpu = server.cpu();
    out.waited = std::max(used.waited(), server.waited());
    out.requests = c.requests();
    out.p50 = c.percentile(0.5);
    out.p99 = c.percentile(0.99);
    ::_exit(0);  // the kernel closes the connections
}

}  // namespace

result<echo_figures> drive_echo(echo_server& server, std::size_t connections, const place& where) {
    void* const shared =
        ::mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "mmap");
    report& seen = *new (shared) report;

    const pid_t child = ::fork();
    must(child >= 0, "fork");
    if (child == 0)
        be_client(server.port(), connections, where, seen);
    std::thread serving([&] {
        pin(where.at.first);
        seen.server = this_thread_id();
        server.run(connections);
    });
    int status = 0;
    ::waitpid(child, &status, 0);
    serving.join();
    if (status != 0 || seen.requests == 0)
        return fail(errc::io, "the client of the echo servers failed");

    echo_figures out;
    const auto requests = static_cast<double>(seen.requests);
    const auto seconds = [](duration d) { return std::chrono::duration<double>(d).count(); };
    out.per_second = requests / seconds(seen.wall);
    out.server_cpu_us = seconds(seen.server_cpu) * 1e6 / requests;
    out.client = seconds(seen.cpu) / seconds(seen.wall);
    out.waited = seen.waited;
    out.p50 = seen.p50;
    out.p99 = seen.p99;
    seen.~report();
    ::munmap(shared, sizeof(report));
    return out;
}

}  // namespace tetrad::bench
