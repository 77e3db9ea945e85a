// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/clock.hpp"

#include <time.h>

namespace tetrad::runtime {

timestamp system_time() {
    timespec t{};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return timestamp{t.tv_sec, static_cast<std::int32_t>(t.tv_nsec)};
}

}  // namespace tetrad::runtime
