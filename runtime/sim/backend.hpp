// SPDX-License-Identifier: Apache-2.0
// The backend of one executor of a simulated process. Everything it is asked enters the world's trace, and so does every answer.
//
// An operation on a file takes a time drawn from the seed and has its effect at a point within it; one on a socket completes a few
// microseconds after it could. Descriptors are the backend's own and never used twice, so a stale one is -EBADF. As in the kernel,
// an operation in flight holds what it works on: closing the descriptor does not end it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "runtime/backend.hpp"
#include "runtime/sim/disk.hpp"
#include "runtime/sim/events.hpp"
#include "runtime/sim/listener.hpp"
#include "runtime/sim/stream.hpp"

namespace tetrad::runtime::sim {

class world;
class host;

class sim_backend final : public backend {
public:
    sim_backend(host& on, std::uint64_t number, std::uint64_t seed);
    ~sim_backend() override;

    void submit(op&) override;
    void cancel(op&) override;
    void turn(instant deadline) override;
    void wake() override { woken_ = true; }
    operation_counts counts() const override { return counts_; }

    result<listening> listen(const endpoint&, int backlog) override;
    void shutdown(descriptor) override;
    void shutdown_send(descriptor) override;
    void close(descriptor) override;
    void give_back(void* buffer) override;
    result<endpoint> local_endpoint(descriptor) override;
    result<std::uint64_t> file_size(descriptor) override;
    result<std::vector<std::string>> list_directory(const std::string& path) override;
    result<std::vector<endpoint>> resolve(const std::string& name, std::uint16_t port) override;

    instant now() override;
    timestamp wall_clock() override;
    random_source& random() override { return random_; }
    bool runs_blocking_inline() const override { return true; }
    bool has_news() override { return woken_ || !done_.empty(); }

    // ---- for the host and the world ----
    host& on() { return host_; }
    std::size_t descriptors() const { return open_.size(); }
    /// The process is gone: closes what it had as the kernel does, or, without power, as nobody does. What is asked from now on
    /// ends with -EIO.
    void cut_off(bool power_lost);

private:
    struct object {
        disk::opened file;
        std::shared_ptr<stream> end;
        std::shared_ptr<listener> listens;
        std::deque<std::uint64_t> receivers, senders, accepters;  // operations that wait, in order
        std::size_t held = 0;                                     // by operations in flight
        bool closed = false;
    };
    enum class phase : std::uint8_t { waiting, done };
    struct pending {
        op* what = nullptr;
        std::shared_ptr<object> target;
        phase at = phase::waiting;
        event_queue::id next;         // a file's effect, or the completion
        std::int32_t written = 0;     // of a durable write that has still to be synced
        instant due{};                // a file's completion
        std::uint64_t attempt = 0;    // a connect's
    };

    // sockets
    void start_connect(std::uint64_t number, op&);
    void start_on_socket(std::uint64_t number, op&);
    static std::int32_t misfit(op_code, const object*);  // why it cannot be done there
    void pump(const std::shared_ptr<object>&);
    std::int32_t read_stream(stream&, op&);
    void pump_accepts(object&);
    std::int32_t take_accepted(listener&, endpoint& peer);
    void watch(const std::shared_ptr<object>&);
    // files (backend_files.cpp)
    void start_on_disk(std::uint64_t number, op&);
    void act_on_disk(std::uint64_t number);
    void sync_written(std::uint64_t number);
    std::int32_t perform(op&, const std::shared_ptr<object>&);
    duration draw_time(op_code);
    std::size_t draw_transfer(const op&, const disk::opened&);
    void half_write(const pending&);
    static bool is_of_disk(op_code);

    /// The operation has its result; complete() is called by the turn after `when`.
    void finish(std::uint64_t number, std::int32_t result);
    void finish_at(std::uint64_t number, std::int32_t result, instant when);
    void let_go(pending&);
    void release(object&);
    std::shared_ptr<object> find(descriptor) const;
    descriptor add(std::shared_ptr<object>);
    bool has_free_descriptor() const;
    void note_parts(const op&);
    void note(std::string_view what, std::initializer_list<std::int64_t> numbers, byte_view content = {});

    host& host_;
    world& world_;
    const std::uint64_t number_;
    seeded_random random_;    // the node's
    seeded_random timing_;    // ours
    std::map<descriptor, std::shared_ptr<object>> open_;
    std::map<std::uint64_t, pending> pending_;
    std::vector<std::uint64_t> done_;
    static constexpr std::size_t lent_bytes = 4096;  // of one buffer
    using lent_buffer = std::unique_ptr<std::uint8_t[]>;
    lent_buffer spare_;
    std::map<const void*, lent_buffer> lent_;
    operation_counts counts_;
    std::uint64_t operations_ = 0;
    descriptor last_descriptor_ = 2;
    bool cut_off_ = false;
    bool woken_ = false;
};

}  // namespace tetrad::runtime::sim
