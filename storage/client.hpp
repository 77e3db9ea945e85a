// SPDX-License-Identifier: Apache-2.0
// How another shard reads the stores: a closure runs on the storage side while the caller waits, and its value comes back. The
// closure must be named (rule C3), may capture by reference (the caller's frame stays), and sees a store that nothing else touches
// meanwhile.
//
//     auto read = [height](store& s) { return s.block(height); };
//     result<std::optional<slice>> b = co_await blocks.read(read);
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/port.hpp"

namespace tetrad::storage {

class store;

/// One read: what to call, with what.
struct read_job {
    result<void> (*call)(void* work, store&) = nullptr;
    void* work = nullptr;
};
using read_port = runtime::port<read_job, result<void>>;

class client {
public:
    explicit client(read_port& to) : port_(to) {}

    /// F: store& -> result<V>. Fails with `closed` where the storage shard has stopped. What the closure fails with is the caller's,
    /// and the storage shard's too: `corrupt`, `io` and `fatal` stop the node.
    template <class F>
    runtime::task<std::invoke_result_t<F&, store&>> read(F& work) {
        using value = std::invoke_result_t<F&, store&>;
        struct typed {
            F* work;
            std::optional<value> out;
        } state{&work, {}};
        read_job job{[](void* w, store& s) -> result<void> {
                         auto& me = *static_cast<typed*>(w);
                         me.out.emplace((*me.work)(s));
                         if (!*me.out)
                             return std::unexpected<error>(me.out->error());
                         return {};
                     },
                     &state};
        result<void> done = co_await port_.call(job);
        if (!done)
            co_return pass(done);
        co_return std::move(*state.out);
    }

private:
    read_port& port_;
};

}  // namespace tetrad::storage
