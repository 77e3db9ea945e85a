// SPDX-License-Identifier: Apache-2.0
// A request of the kernel that completes many times (an accept, a receive), what it brought before anybody asked, and who waits for
// what it will bring. One a descriptor, made by the first operation that waits and recycled when nothing is left in it. It lives
// until its last completion, also where its descriptor was closed before: the number may be another's by then, the record is found
// by its own address.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/growing_ring.hpp"
#include "runtime/uring/backend.hpp"

namespace tetrad::runtime {

struct uring_backend::multishot {
    enum class phase : std::uint8_t {
        idle,    // nothing of it is in the kernel
        armed,   // completes until further notice
        ending,  // was asked to end; its last completion is to come
        single,  // one operation of its own is in the kernel instead
    };
    // So many that nobody asked for and the request is ended, until somebody does: a slow reader must not take all buffers.
    static constexpr std::size_t early_buffers_max = 4, early_descriptors_max = 16;

    descriptor fd = -1;
    bool is_closed = false;            // by its owner: another may have the number when nothing is left in here
    bool is_held = false;              // closed while operations wait: they hold the descriptor
    bool accepts = false;
    bool is_shut = false;              // of a listener: it accepts nothing any more
    bool is_starved = false;           // found all buffers out: what waits gets one of its own
    phase at = phase::idle;
    growing_ring<std::int32_t> early;  // descriptors, or numbers of lent buffers, in order
    std::vector<op*> waiting;          // in order; none while something is early
    std::int32_t problem = 0;          // of a connection, told once, as the kernel does

    bool is_in_kernel() const { return at == phase::armed || at == phase::ending; }
    bool is_empty() const { return at == phase::idle && early.empty() && waiting.empty() && problem == 0 && !is_shut; }
    std::size_t early_max() const { return accepts ? early_descriptors_max : early_buffers_max; }
};

}  // namespace tetrad::runtime
