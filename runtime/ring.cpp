// SPDX-License-Identifier: Apache-2.0
#include "runtime/ring.hpp"

namespace tetrad::runtime {

ring::~ring() {
    while (letter* l = pop())
        l->drop_undelivered();
}

letter* ring::pop() {
    parcel p;
    return parcels_.pop(std::span(&p, 1)) == 1 ? p.mail : nullptr;
}

bool ring::poll() {
    parcel came[32];
    const std::size_t n = parcels_.pop(came);
    for (std::size_t i = 0; i < n; ++i)
        came[i].deliver(came[i]);
    return n > 0;
}

}  // namespace tetrad::runtime
