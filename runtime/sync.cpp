// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync.hpp"

namespace tetrad::runtime {

task<result<semaphore::unit>> semaphore::acquire() {
    if (free_ == 0) {
        result<void> woken = co_await queue_.wait();
        if (!woken)
            co_return pass(woken);
        co_return unit(*this);  // handed over by give_back()
    }
    --free_;
    co_return unit(*this);
}

}  // namespace tetrad::runtime
