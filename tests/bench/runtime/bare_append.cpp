// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/runtime/bare_append.hpp"

#include <thread>

#include "tests/bench/runtime/bare_ring.hpp"

namespace tetrad::bench {

void bare_appends::choose() {
    std::vector<double> by_itself, by_link;
    for (int i = 0; i < 3; ++i) {
        by_itself.push_back(run(where_.window / 2, false).values[0]);
        by_link.push_back(run(where_.window / 2, true).values[0]);
    }
    linked_ = median(by_link) > median(by_itself);
}

sample bare_appends::run(duration window, bool linked) const {
    sample out;
    std::thread running([&] {
        pin(where_.at.first);
        bare_ring ring;
        const aligned_memory content(piece_);
        one_by_one appends(window, piece_, to_.size());
        for (; appends.goes_on(); appends.done()) {
            if (fill_)
                fill_(content.data());
            io_uring_sqe* const write = ring.entry();
            io_uring_prep_write(write, to_.fd(), content.data(), static_cast<unsigned>(piece_),
                                appends.next_place());
            unsigned left = 1;
            if (linked) {
                write->flags |= IOSQE_IO_LINK;
                io_uring_prep_fsync(ring.entry(), to_.fd(), IORING_FSYNC_DATASYNC);
                left = 2;
            } else {
                write->rw_flags = RWF_DSYNC;
            }
            while (left > 0) {
                ring.turn(true);
                left -=
                    ring.reap([](const io_uring_cqe& c) { must(c.res >= 0, "a durable write"); });
            }
        }
        out = appends.figures();
    });
    running.join();
    return out;
}

}  // namespace tetrad::bench
