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
    std::uint64_t requests = 0;
    duration wall{}, cpu{}, p50{}, p99{};
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

/// Says 'b' when the measuring begins and 'e' when it ends; the report is complete when the process is gone.
[[noreturn]] void be_client(std::uint16_t port, std::size_t connections, const place& where,
                            int tell, report& out) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(where.at.second);
    {
        client c(port, connections);
        c.run_for(warm_up);
        must(::write(tell, "b", 1) == 1, "write");
        const meter used;
        c.run_for(where.window);
        out.wall = used.wall();
        out.cpu = used.cpu();
        out.waited = used.waited();
        must(::write(tell, "e", 1) == 1, "write");
        out.requests = c.requests();
        out.p50 = c.percentile(0.5);
        out.p99 = c.percentile(0.99);
    }
    ::_exit(0);  // the kernel closes the connections
}

bool was_told(int pipe, char what) {
    char c = 0;
    return ::read(pipe, &c, 1) == 1 && c == what;
}

}  // namespace

result<echo_figures> drive_echo(echo_server& server, std::size_t connections, const place& where) {
    void* const shared =
        ::mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "mmap");
    report& seen = *new (shared) report;
    std::array<int, 2> told{};
    must(::pipe(told.data()) == 0, "pipe");

    const pid_t child = ::fork();
    must(child >= 0, "fork");
    if (child == 0)
        be_client(server.port(), connections, where, told[1], seen);
    ::close(told[1]);
    std::atomic<pid_t> id{0};
    std::thread serving([&] {
        pin(where.at.first);
        id = this_thread_id();
        id.notify_one();
        server.run(connections);
    });
    id.wait(0);
    bool whole = was_told(told[0], 'b');
    const meter used(id);
    whole = whole && was_told(told[0], 'e');
    const duration cpu = used.cpu();
    const double waited = used.waited();
    int status = 0;
    ::waitpid(child, &status, 0);
    serving.join();
    ::close(told[0]);
    const report r = seen;
    ::munmap(shared, sizeof(report));
    if (!whole || status != 0 || r.requests == 0)
        return fail(errc::io, "the client of the echo servers failed");

    echo_figures out;
    const auto requests = static_cast<double>(r.requests);
    out.per_second = requests / std::chrono::duration<double>(r.wall).count();
    out.server_cpu_us = std::chrono::duration<double, std::micro>(cpu).count() / requests;
    out.client = std::chrono::duration<double>(r.cpu) / std::chrono::duration<double>(r.wall);
    out.waited = std::max(waited, r.waited);
    out.p50 = r.p50;
    out.p99 = r.p99;
    return out;
}

}  // namespace tetrad::bench
