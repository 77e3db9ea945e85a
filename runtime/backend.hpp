// SPDX-License-Identifier: Apache-2.0
// The list of what a shard needs from the world. The io_uring backend asks the kernel; the simulated backend answers from a
// virtual clock, a virtual network and a virtual disk. Nothing above this interface knows which. One backend per executor, used
// on the executor's thread only, except wake().
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "runtime/address.hpp"

namespace tetrad::runtime {

/// A handle of the backend: a file descriptor, or the simulator's number for one.
using descriptor = int;

enum class op_code : std::uint8_t {
    accept,         // fd: listener             -> new descriptor; `peer` is set
    connect,        // peer: where to            -> new descriptor, connected (TCP_NODELAY and keep-alive set)
    recv,           // fd, buffer, length        -> bytes received, 0 at end of stream
    receive,        // fd                        -> the same, into a buffer that the backend lends: `buffer` is set where the result
                    //                              is positive, and goes back by give_back()
    send,           // fd, buffer, length        -> bytes sent (may be fewer)
    sendv,          // fd, parts                 -> bytes sent (may be fewer)
    open,           // path, flags, mode         -> descriptor
    read,           // fd, buffer, length, offset -> bytes read, 0 at end of file
    write,          // fd, buffer, length, offset -> bytes written
    write_durable,  // the same, and flags: open_flags::direct where the file was opened so -> bytes written. Where that is all of them
                    //                              they are durable; where it is fewer, nothing is promised yet
    sync,           // fd, flags                 -> 0; data and size are durable (fdatasync; open_flags::directory: fsync)
    rename,         // path, path2               -> 0
    unlink,         // path                      -> 0
    make_dir,       // path, mode                -> 0
    allocate,       // fd, offset, length        -> 0; zeroed, size grows
    truncate,       // fd, length                -> 0
};
constexpr std::size_t op_codes = 16;

/// Owned by its awaiter, in a coroutine frame: no allocation per operation. Must stay in place from submit() until complete()
/// was called, also when it was cancelled.
struct op {
    op_code code{};
    descriptor fd = -1;
    void* buffer = nullptr;
    std::size_t length = 0;
    std::uint64_t offset = 0;
    const std::vector<byte_view>* parts = nullptr;
    const char* path = nullptr;   // zero-terminated, lives as long as the op
    const char* path2 = nullptr;
    std::uint32_t flags = 0;      // open: of open_flags
    std::uint32_t mode = 0;
    endpoint peer;

    std::int32_t result = 0;      // as the kernel: >= 0, or minus errno
    bool in_flight = false;           // set by submit(), cleared before complete() is called
    bool cancelled = false;           // cancel() was asked for; the backend's
    void (*complete)(op&) = nullptr;  // called by turn(), on the executor's thread
    void* owner = nullptr;            // for complete()
    void* backend_data = nullptr;     // the backend's own
};

namespace open_flags {
constexpr std::uint32_t read = 1, write = 2, create = 4, exclusive = 8, truncate = 16, append = 32, directory = 64;
/// Past the page cache: memory, offsets and lengths are multiples of 4096 (runtime/file.hpp: aligned_bytes).
constexpr std::uint32_t direct = 128;
}

/// What a backend has done so far, for statistics. The simulator has no kernel: it counts the first two.
struct operation_counts {
    std::array<std::uint64_t, op_codes> submitted{};  // by op_code
    std::uint64_t completed = 0;
    std::uint64_t resubmitted = 0;  // after EINTR or EAGAIN
    std::uint64_t rearmed = 0;      // requests that complete many times (accepts, receives) and had ended
    std::uint64_t no_buffers = 0;   // receives that found all lent buffers in use, and got one of their own
    std::uint64_t enters = 0;       // system calls of turns
    std::uint64_t full = 0;         // submissions that found the kernel's ring full
    std::uint64_t overflows = 0;    // turns that found completions kept back by the kernel for want of room
    std::uint64_t refused = 0;      // turns that the kernel put off (out of memory for a moment)

    std::uint64_t in_flight() const {
        return std::accumulate(submitted.begin(), submitted.end(), std::uint64_t{0}) - completed;
    }
};

class backend {
public:
    virtual ~backend() = default;

    // ---- operations: asynchronous ----
    virtual void submit(op&) = 0;
    /// Asks that an op in flight end early (result -ECANCELED, or its result if it was done already). It completes as always.
    virtual void cancel(op&) = 0;
    /// Submits what waits, then calls complete() of all that is done. Blocks until the deadline (instant::never(): no end; one
    /// that has passed: not at all), a completion, or wake().
    virtual void turn(instant deadline) = 0;
    /// False where turn() would find nothing to do without waiting. Asks nobody: a spinning thread calls it all the time.
    virtual bool has_news() { return true; }
    /// From any thread: makes a blocked turn() return soon.
    virtual void wake() = 0;
    virtual operation_counts counts() const = 0;

    // ---- sockets and files: immediate, never block ----
    struct listening {
        descriptor fd;
        endpoint bound;  // with the port that the system chose, where 0 was asked
    };
    virtual result<listening> listen(const endpoint&, int backlog) = 0;
    /// Ends both directions: a pending recv returns 0 soon. The descriptor stays.
    virtual void shutdown(descriptor) = 0;
    /// Ends our direction: the peer reads what was sent, then the end of the stream. We go on reading.
    virtual void shutdown_send(descriptor) = 0;
    virtual void close(descriptor) = 0;
    /// Of a receive: exactly once for each buffer that was lent, the address as it was given.
    virtual void give_back(void* buffer) = 0;
    virtual result<endpoint> local_endpoint(descriptor) = 0;
    virtual result<std::uint64_t> file_size(descriptor) = 0;
    /// Names in a directory, sorted. Meant for start-up.
    virtual result<std::vector<std::string>> list_directory(const std::string& path) = 0;
    /// Addresses of a host name. May block (getaddrinfo): callers go through offload, never on a shard's own thread.
    virtual result<std::vector<endpoint>> resolve(const std::string& host, std::uint16_t port) = 0;

    // ---- clocks and randomness ----
    virtual instant now() = 0;
    /// The processor's cycle counter, for measuring slices; always 0 where time is virtual.
    virtual std::uint64_t cycles() { return 0; }
    virtual timestamp wall_clock() = 0;
    virtual random_source& random() = 0;
    /// True where blocking work has to run inline (simulation: one thread, virtual time).
    virtual bool runs_blocking_inline() const = 0;
};

}  // namespace tetrad::runtime
