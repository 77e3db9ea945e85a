// SPDX-License-Identifier: Apache-2.0
// What the structures shared by two threads are made of, so that a test can put its own memory in the place of the machine's and run
// every order that the language allows.
#pragma once

#include <atomic>

namespace tetrad::runtime {

struct real_memory {
    template <class T>
    using atomic = std::atomic<T>;
    template <class T>
    using cell = T;  // written by one thread, then read by the other
};

}  // namespace tetrad::runtime
