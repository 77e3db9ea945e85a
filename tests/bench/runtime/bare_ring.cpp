// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/runtime/bare_ring.hpp"

#include "tests/bench/machine.hpp"

namespace tetrad::bench {

bare_ring::bare_ring() {
    io_uring_params wanted{};
    wanted.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    wanted.cq_entries = completions;
    must(io_uring_queue_init_params(entries, &ring_, &wanted) == 0, "io_uring_setup");
    must(io_uring_register_ring_fd(&ring_) == 1, "io_uring_register_ring_fd");
}
bare_ring::~bare_ring() { io_uring_queue_exit(&ring_); }

io_uring_sqe* bare_ring::entry() {
    io_uring_sqe* const e = io_uring_get_sqe(&ring_);
    must(e != nullptr, "io_uring_get_sqe");
    return e;
}

void bare_ring::turn(bool sleeps) {
    if (sleeps)
        io_uring_submit_and_wait(&ring_, 1);
    else if (io_uring_sq_ready(&ring_) > 0 ||
             (IO_URING_READ_ONCE(*ring_.sq.kflags) & IORING_SQ_TASKRUN))
        io_uring_submit_and_get_events(&ring_);
}

}  // namespace tetrad::bench
