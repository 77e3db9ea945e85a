// SPDX-License-Identifier: Apache-2.0
#include "runtime/tcp.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.hpp"
#include "runtime/operation.hpp"
#include "runtime/timer.hpp"

namespace tetrad::runtime {

namespace {

constexpr std::size_t transfer_max = std::size_t{1} << 30;  // one operation's; results are 32 bits
constexpr duration pause_first = 5ms, pause_max = 1s;       // an accept without descriptors, as Go's net/http

bool is_exhaustion(int errno_value) {
    return errno_value == EMFILE || errno_value == ENFILE || errno_value == ENOBUFS || errno_value == ENOMEM;
}
/// Errors of the connection that was about to be accepted, not of the listener (accept(2)).
bool is_of_the_peer(int errno_value) {
    switch (errno_value) {
        case ECONNABORTED: case EPERM: case EPROTO: case ENETDOWN: case ENOPROTOOPT: case EHOSTDOWN: case ENONET:
        case EHOSTUNREACH: case ENETUNREACH: case EOPNOTSUPP: return true;
        default: return false;
    }
}

}  // namespace

// ---- tcp_stream ----

tcp_stream::tcp_stream(backend& io, descriptor fd, endpoint remote) : io_(&io), fd_(fd), remote_(std::move(remote)) {}
tcp_stream::tcp_stream(tcp_stream&& o) noexcept
    : io_(o.io_), fd_(std::exchange(o.fd_, -1)), remote_(std::move(o.remote_)) {}
tcp_stream& tcp_stream::operator=(tcp_stream&& o) noexcept {
    if (this != &o) {
        close();
        io_ = o.io_;
        fd_ = std::exchange(o.fd_, -1);
        remote_ = std::move(o.remote_);
    }
    return *this;
}
tcp_stream::~tcp_stream() { close(); }

void tcp_stream::close() {
    if (fd_ >= 0)
        io_->close(std::exchange(fd_, -1));
}

void tcp_stream::shutdown() {
    if (fd_ >= 0)
        io_->shutdown(fd_);
}

void tcp_stream::shutdown_send() {
    if (fd_ >= 0)
        io_->shutdown_send(fd_);
}

result<endpoint> tcp_stream::local() const {
    if (fd_ < 0)
        return fail(errc::closed, "stream is closed");
    return io_->local_endpoint(fd_);
}

task<result<std::size_t>> tcp_stream::read_some(byte_span into) {
    CHECK(!into.empty());
    if (fd_ < 0)
        co_return fail(errc::closed, "stream is closed");
    operation receive(*io_, op_code::recv);
    receive.what.fd = fd_;
    receive.what.buffer = into.data();
    receive.what.length = std::min(into.size(), transfer_max);
    const std::int32_t n = co_await receive;
    if (n < 0)
        co_return receive.failure("read");
    co_return static_cast<std::size_t>(n);
}

task<result<received>> tcp_stream::receive() {
    if (fd_ < 0)
        co_return fail(errc::closed, "stream is closed");
    operation receive(*io_, op_code::receive);
    receive.what.fd = fd_;
    const std::int32_t n = co_await receive;
    if (n < 0)
        co_return receive.failure("read");
    if (n == 0)
        co_return received();
    const byte_view lent(static_cast<const std::uint8_t*>(receive.what.buffer), static_cast<std::size_t>(n));
    co_return received(*io_, lent);
}

task<result<void>> tcp_stream::read_exact(byte_span into) {
    while (!into.empty()) {
        const std::size_t n = co_await ok(read_some(into));
        if (n == 0)
            co_return fail(errc::closed, "unexpected end of stream");
        into = into.subspan(n);
    }
    co_return result<void>{};
}

task<result<void>> tcp_stream::write_all(byte_view data) {
    while (!data.empty()) {
        if (fd_ < 0)
            co_return fail(errc::closed, "stream is closed");
        operation send(*io_, op_code::send);
        send.what.fd = fd_;
        send.what.buffer = const_cast<std::uint8_t*>(data.data());  // only read from
        send.what.length = std::min(data.size(), transfer_max);
        const std::int32_t n = co_await send;
        if (n < 0)
            co_return send.failure("write");
        data = data.subspan(static_cast<std::size_t>(n));
    }
    co_return result<void>{};
}

task<result<void>> tcp_stream::write_all(std::vector<byte_view> parts) {
    std::erase_if(parts, [](byte_view p) { return p.empty(); });
    while (!parts.empty()) {
        if (fd_ < 0)
            co_return fail(errc::closed, "stream is closed");
        operation send(*io_, op_code::sendv);
        send.what.fd = fd_;
        send.what.parts = &parts;
        const std::int32_t n = co_await send;
        if (n < 0)
            co_return send.failure("write");
        auto left = static_cast<std::size_t>(n);
        auto first = parts.begin();
        while (first != parts.end() && left >= first->size())
            left -= (first++)->size();
        if (first != parts.end())
            *first = first->subspan(left);
        parts.erase(parts.begin(), first);
    }
    co_return result<void>{};
}

task<result<tcp_stream>> tcp_connect(endpoint to) {
    shard& here = co_await current_shard();
    operation connect(here.io(), op_code::connect);
    connect.what.peer = std::move(to);
    const std::int32_t fd = co_await connect;
    if (fd < 0) {
        const std::string doing = "dial " + to_string(connect.what.peer);
        co_return connect.failure(doing);
    }
    co_return tcp_stream(here.io(), fd, std::move(connect.what.peer));
}

// ---- tcp_listener ----

tcp_listener::tcp_listener(backend& io, descriptor fd, endpoint bound) : io_(&io), fd_(fd), bound_(std::move(bound)) {}
tcp_listener::tcp_listener(tcp_listener&& o) noexcept
    : io_(o.io_), fd_(std::exchange(o.fd_, -1)), bound_(std::move(o.bound_)) {}
tcp_listener& tcp_listener::operator=(tcp_listener&& o) noexcept {
    if (this != &o) {
        close();
        io_ = o.io_;
        fd_ = std::exchange(o.fd_, -1);
        bound_ = std::move(o.bound_);
    }
    return *this;
}
tcp_listener::~tcp_listener() { close(); }

result<tcp_listener> tcp_listener::listen(backend& io, const endpoint& at, int backlog) {
    TRY(backend::listening made, io.listen(at, backlog));
    return tcp_listener(io, made.fd, std::move(made.bound));
}

void tcp_listener::close() {
    if (fd_ >= 0)
        io_->close(std::exchange(fd_, -1));
}

task<result<tcp_stream>> tcp_listener::accept() {
    duration pause = pause_first;
    for (;;) {
        if (fd_ < 0)
            co_return fail(errc::closed, "listener is closed");
        operation accept(*io_, op_code::accept);
        accept.what.fd = fd_;
        const std::int32_t fd = co_await accept;
        if (fd >= 0)
            co_return tcp_stream(*io_, fd, std::move(accept.what.peer));
        if (is_of_the_peer(-fd))
            continue;
        if (!is_exhaustion(-fd))
            co_return accept.failure("accept");
        co_await ok(sleep_for(pause));
        pause = std::min<duration>(pause * 2, pause_max);
    }
}

}  // namespace tetrad::runtime
