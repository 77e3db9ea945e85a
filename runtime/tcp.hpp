// SPDX-License-Identifier: Apache-2.0
// Listening and connected stream sockets (TCP and unix) on a backend. Every operation ends early when its task is stopped, then
// with errc::cancelled or timed_out. A closed peer is errc::closed; the end of a stream is 0 bytes.
//
// TCP sockets send without delay and ask an idle peer every 15 s whether it is still there (keep-alive, as Go's net package): one
// that does not answer for 150 s is gone, and reads fail.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "runtime/address.hpp"
#include "runtime/received.hpp"
#include "runtime/shard.hpp"
#include "runtime/task.hpp"

namespace tetrad::runtime {

/// A connected socket; closed when destroyed. At most one read and one write at a time.
class tcp_stream {
public:
    tcp_stream() = default;
    tcp_stream(backend& io, descriptor fd, endpoint remote);
    tcp_stream(tcp_stream&&) noexcept;
    tcp_stream& operator=(tcp_stream&&) noexcept;
    ~tcp_stream();

    bool is_open() const { return fd_ >= 0; }
    const endpoint& remote() const { return remote_; }
    result<endpoint> local() const;

    /// At least one byte, or 0 at the end of the stream.
    task<result<std::size_t>> read_some(byte_span into);
    /// What has arrived, as it lies in the backend's memory; while nothing has, the stream holds no buffer. May be mixed with the
    /// other reads: nothing is lost or reordered.
    task<result<received>> receive();
    /// All of it; errc::closed where the stream ends before.
    task<result<void>> read_exact(byte_span into);
    task<result<void>> write_all(byte_view data);
    /// Several buffers with as few system calls as it takes. The views must stay until it returns.
    task<result<void>> write_all(std::vector<byte_view> parts);
    /// Wakes a pending read (it sees the end of the stream). Safe while operations are in flight.
    void shutdown();
    /// The peer reads what was written, then the end of the stream; we go on reading.
    void shutdown_send();
    void close();  // with data unread: the peer is reset; of a unix socket that was read by receive() it may see the end instead

private:
    backend* io_ = nullptr;
    descriptor fd_ = -1;
    endpoint remote_;
};

class tcp_listener {
public:
    static result<tcp_listener> listen(backend& io, const endpoint& at, int backlog = 128);
    tcp_listener(tcp_listener&&) noexcept;
    tcp_listener& operator=(tcp_listener&&) noexcept;
    ~tcp_listener();

    /// Where it listens, with the port that was chosen for port 0.
    const endpoint& bound() const { return bound_; }
    /// Retries with a pause where the process has no descriptors left.
    task<result<tcp_stream>> accept();
    void close();

private:
    tcp_listener(backend& io, descriptor fd, endpoint bound);
    backend* io_;
    descriptor fd_;
    endpoint bound_;
};

[[nodiscard]] task<result<tcp_stream>> tcp_connect(endpoint to);

}  // namespace tetrad::runtime
