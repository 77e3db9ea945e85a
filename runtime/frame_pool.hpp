// SPDX-License-Identifier: Apache-2.0
// Memory of coroutine frames: free lists of a few size classes, per thread. The one audited exception to "no thread_local":
// a frame is allocated in a promise's operator new, which cannot be handed a shard. Frames are freed on the thread that made
// them or, in teardown, on another, whose list then keeps them; both are safe, since a list is touched by its thread only.
//
// Taking and giving back a frame is a few instructions in the caller. What is seldom (the heap, the first use by a thread, its end,
// counting bytes) is in the .cpp and costs those nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace tetrad::runtime::frame_pool {

constexpr std::size_t step = 64;
constexpr std::size_t classes = 32;       // frames up to 2 KiB; larger ones are rare and go to the heap
constexpr std::uint32_t kept_max = 1024;  // free frames of one size that a thread holds on to

// A recycled frame would hide a use after free from the sanitizer.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool recycles = false;
#elif defined(__has_feature)
constexpr bool recycles = !__has_feature(address_sanitizer);
#else
constexpr bool recycles = true;
#endif

struct free_frame {
    free_frame* next;
};
/// Of one size.
struct free_list {
    free_frame* first = nullptr;
    std::uint32_t room = 0;  // how many more it may hold: none before the thread's first use of it, and none after its end
};
// Trivial, so that reaching it costs no guard and it is valid until the thread's very end.
extern constinit thread_local std::array<free_list, classes> free_lists;

constexpr std::size_t class_of(std::size_t size) { return (size + step - 1) / step - 1; }

[[gnu::cold]] void* allocate_from_heap(std::size_t size);
[[gnu::cold]] void release_to_heap(void* frame, std::size_t size);

inline void* allocate(std::size_t size) {
    const std::size_t c = class_of(size);
    if (recycles && c < classes) {
        free_list& list = free_lists[c];
        if (free_frame* const f = list.first) [[likely]] {
            list.first = f->next;
            ++list.room;
            return f;
        }
    }
    return allocate_from_heap(size);
}

inline void release(void* frame, std::size_t size) {
    const std::size_t c = class_of(size);
    if (recycles && c < classes) {
        free_list& list = free_lists[c];
        if (list.room > 0) [[likely]] {
            list.first = new (frame) free_frame{list.first};
            --list.room;
            return;
        }
    }
    release_to_heap(frame, size);
}

/// Of frames that this thread made and that are alive, less those of others that it released. Rounded up to what they take.
std::int64_t bytes_alive();

}  // namespace tetrad::runtime::frame_pool
