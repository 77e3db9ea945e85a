// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame_pool.hpp"

namespace tetrad::runtime::frame_pool {

constinit thread_local std::array<free_list, classes> free_lists;

namespace {

enum class stage : std::uint8_t { unused, open, closed };
constinit thread_local stage now = stage::unused;
constinit thread_local std::int64_t from_heap = 0;  // bytes, less those that were given back to it

constexpr std::size_t bytes_of(std::size_t size) { return class_of(size) < classes ? (class_of(size) + 1) * step : size; }

// Gives the lists back when the thread ends; frames released later than that go to the heap.
struct closer {
    ~closer() {
        now = stage::closed;
        for (std::size_t c = 0; c < classes; ++c) {
            free_list& list = free_lists[c];
            list.room = 0;
            while (free_frame* const f = list.first) {
                list.first = f->next;
                release_to_heap(f, (c + 1) * step);
            }
        }
    }
    void touch() {}
};
thread_local closer at_thread_end;

void open() {
    now = stage::open;
    at_thread_end.touch();  // registers its destructor
    for (free_list& list : free_lists)
        list.room = kept_max;
}

}  // namespace

void* allocate_from_heap(std::size_t size) {
    from_heap += static_cast<std::int64_t>(bytes_of(size));
    return ::operator new(recycles ? bytes_of(size) : size);
}

void release_to_heap(void* frame, std::size_t size) {
    if (recycles && now == stage::unused) {
        open();
        return release(frame, size);
    }
    from_heap -= static_cast<std::int64_t>(bytes_of(size));
    ::operator delete(frame);
}

std::int64_t bytes_alive() {
    std::int64_t alive = from_heap;
    if (now == stage::open)
        for (std::size_t c = 0; c < classes; ++c)
            alive -= static_cast<std::int64_t>((kept_max - free_lists[c].room) * (c + 1) * step);
    return alive;
}

}  // namespace tetrad::runtime::frame_pool
