// SPDX-License-Identifier: Apache-2.0
// An echo server for 128 bytes, bare and ours. Bare: a ring of its own, multishot receives into provided buffers, one system call a
// turn. The spinning kind never sleeps; its client does.
#include <array>
#include <cstdlib>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.hpp"
#include "runtime/address.hpp"
#include "runtime/tcp.hpp"
#include "tests/bench/runtime/bare_ring.hpp"
#include "tests/bench/runtime/echo_client.hpp"
#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

// ---- bare ----

/// Buffers that the kernel takes one of for each receive.
class provided_buffers {
public:
    static constexpr unsigned count = 512, bytes_each = 256;
    static constexpr unsigned short group = 0;

    explicit provided_buffers(bare_ring& r) {
        const std::size_t page = 4096,
                          size = (count * sizeof(io_uring_buf) + page - 1) / page * page;
        ring_ = static_cast<io_uring_buf_ring*>(std::aligned_alloc(page, size));
        io_uring_buf_reg wanted{};
        wanted.ring_addr = reinterpret_cast<std::uint64_t>(ring_);
        wanted.ring_entries = count;
        wanted.bgid = group;
        must(io_uring_register_buf_ring(r.get(), &wanted, 0) == 0, "io_uring_register_buf_ring");
        io_uring_buf_ring_init(ring_);
        for (unsigned i = 0; i < count; ++i)
            give_back(static_cast<unsigned short>(i));
    }
    ~provided_buffers() { std::free(ring_); }  // the ring, destroyed before, has let go of it
    provided_buffers(const provided_buffers&) = delete;

    char* at(unsigned short id) { return memory_.data() + std::size_t{id} * bytes_each; }
    void give_back(unsigned short id) {
        io_uring_buf_ring_add(ring_, at(id), bytes_each, id, io_uring_buf_ring_mask(count), 0);
        io_uring_buf_ring_advance(ring_, 1);
    }

private:
    io_uring_buf_ring* ring_ = nullptr;
    std::vector<char> memory_ = std::vector<char>(std::size_t{count} * bytes_each);
};

class bare_echo final : public echo_server {
public:
    explicit bare_echo(bool spins)
        : spins_(spins), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        must(listener_ >= 0, "socket");
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        must(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) == 0, "bind");
        must(::listen(listener_, 128) == 0, "listen");
        must(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0, "getsockname");
        port_ = ntohs(at.sin_port);
    }
    ~bare_echo() override { ::close(listener_); }
    std::uint16_t port() const override { return port_; }

    void run(std::size_t connections) override {
        bare_ring ring;
        provided_buffers buffers(ring);
        for (std::size_t i = 0; i < connections; ++i) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            must(fd >= 0, "accept4");
            const int on = 1;
            must(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
            receive(ring, fd);
        }
        for (std::size_t open = connections; open > 0;) {
            ring.turn(!spins_);
            ring.reap([&](const io_uring_cqe& c) {
                if (c.user_data >= sent)
                    return buffers.give_back(static_cast<unsigned short>(c.user_data - sent));
                const int fd = static_cast<int>(c.user_data);
                if (c.res > 0) {
                    answer(ring, buffers, fd, c);
                } else if (c.res != -ENOBUFS) {
                    ::close(fd);
                    --open;
                    return;
                }
                if (!(c.flags & IORING_CQE_F_MORE))
                    receive(ring, fd);
            });
        }
    }

private:
    static constexpr std::uint64_t sent =
        std::uint64_t{1} << 32;  // user data: a descriptor, or this and a buffer's number

    static void receive(bare_ring& ring, int fd) {
        io_uring_sqe* const e = ring.entry();
        io_uring_prep_recv_multishot(e, fd, nullptr, 0, 0);
        e->flags |= IOSQE_BUFFER_SELECT;
        e->buf_group = provided_buffers::group;
        io_uring_sqe_set_data64(e, static_cast<std::uint64_t>(fd));
    }
    static void answer(bare_ring& ring, provided_buffers& buffers, int fd, const io_uring_cqe& c) {
        const auto id = static_cast<unsigned short>(c.flags >> IORING_CQE_BUFFER_SHIFT);
        io_uring_sqe* const e = ring.entry();
        io_uring_prep_send(e, fd, buffers.at(id), static_cast<std::size_t>(c.res), MSG_NOSIGNAL);
        io_uring_sqe_set_data64(e, sent + id);
    }

    bool spins_;
    int listener_;
    std::uint16_t port_ = 0;
};

// ---- ours ----

runtime::task<void> echo(runtime::tcp_stream from) {
    for (;;) {
        const auto message = co_await from.receive();
        if (!message || message->is_end())
            co_return;
        const auto sent = co_await from.write_all(message->view());
        if (!sent)
            co_return;
    }
}

runtime::task<void> accept_all(runtime::tcp_listener& at, runtime::scope& tasks,
                               std::size_t connections) {
    for (; connections > 0; --connections) {
        auto stream = co_await at.accept();
        must(stream.has_value(), "accept");
        tasks.spawn(echo(std::move(*stream)));
    }
}

class our_echo final : public echo_server {
public:
    our_echo(std::unique_ptr<our_shard> on, runtime::tcp_listener listener)
        : on_(std::move(on)), listener_(std::move(listener)) {}
    static result<std::unique_ptr<our_echo>> make(bool spins) {
        TRY(auto on, our_shard::make(0, spins));
        TRY(const auto at, runtime::parse_endpoint("127.0.0.1:0"));
        TRY(auto listener, runtime::tcp_listener::listen(on->on.io(), at));
        return std::make_unique<our_echo>(std::move(on), std::move(listener));
    }
    std::uint16_t port() const override { return listener_.bound().port; }
    void run(std::size_t connections) override {
        on_->tasks.spawn(accept_all(listener_, on_->tasks, connections));
        on_->run();
    }

private:
    std::unique_ptr<our_shard> on_;
    runtime::tcp_listener listener_;
};

// ---- the comparison ----

class echoes final : public comparison {
public:
    echoes(const place& where, std::size_t connections, bool spins)
        : where_(where), connections_(connections), spins_(spins) {}

    std::vector<metric> metrics() const override {
        if (spins_)
            return {{format("echo_{}_spin_p50", connections_),
                     "us",
                     {aim::side::at_most, aim::of::ratio, 1.1}}};
        return {{format("echo_{}", connections_),
                 "req/s",
                 {aim::side::at_least, aim::of::ratio, 0.92},
                 true},
                {format("echo_{}_cpu", connections_),
                 "us/req",
                 {aim::side::at_most, aim::of::ratio, 1.15}}};
    }
    result<sample> bare() override {
        bare_echo server(spins_);
        return measure(server);
    }
    result<sample> ours() override {
        TRY(const auto server, our_echo::make(spins_));
        return measure(*server);
    }

private:
    result<sample> measure(echo_server& server) {
        TRY(const auto f, drive_echo(server, connections_, where_));
        sample out;
        if (spins_)
            out.values = {std::chrono::duration<double, std::micro>(f.p50).count()};
        else
            out.values = {f.per_second, f.server_cpu_us};
        out.cpu_us = f.server_cpu_us;
        out.client = f.client;
        out.waited = f.waited;
        out.p99 = f.p99;
        return out;
    }

    place where_;
    std::size_t connections_;
    bool spins_;
};

}  // namespace

std::unique_ptr<comparison> compare_echo(const place& where, std::size_t connections, bool spins) {
    return std::make_unique<echoes>(where, connections, spins);
}

}  // namespace tetrad::bench
