// SPDX-License-Identifier: Apache-2.0
// The storage shard: owns the store and answers the ports of the other shards, in order. Where the shard shares its thread, the
// store's calls run on one helper thread, so that the shards beside it never wait for a disk.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/offload.hpp"
#include "runtime/scope.hpp"
#include "storage/client.hpp"
#include "storage/store.hpp"

namespace tetrad::storage {

class service {
public:
    /// `halt` is told once when a write failed or stored data is damaged: the node has to stop.
    service(std::unique_ptr<store> what, runtime::offload& disk, std::function<void(error)> halt)
        : store_(std::move(what)), disk_(disk), halt_(std::move(halt)) {}

    void serve(read_port&, runtime::scope&);
    void serve(commit_port&, runtime::scope&);
    void serve(app_write_port&, runtime::scope&);
    void serve(prune_port&, runtime::scope&);

    /// The store itself, for start-up: before the shards run.
    store& get() { return *store_; }
    /// Everything written is durable and the store is closed, on the thread that used it. No request may follow.
    runtime::task<result<void>> close();

private:
    template <class F>
    runtime::task<std::invoke_result_t<F&, store&>> on_disk(F work);
    void check(const error&);

    std::unique_ptr<store> store_;
    runtime::offload& disk_;
    std::function<void(error)> halt_;
    bool halted_ = false;
};

}  // namespace tetrad::storage
