// SPDX-License-Identifier: Apache-2.0
#include "runtime/ring.hpp"

namespace tetrad::runtime {

ring::~ring() {
    while (letter* l = pop())
        l->drop_undelivered();
}

letter* ring::pop() {
    letter* l = nullptr;
    return letters_.pop(std::span(&l, 1)) == 1 ? l : nullptr;
}

bool ring::poll() {
    letter* came[64];
    const std::size_t n = letters_.pop(came);
    for (std::size_t i = 0; i < n; ++i)
        came[i]->deliver(*came[i]);
    return n > 0;
}

}  // namespace tetrad::runtime
