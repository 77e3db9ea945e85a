// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame_pool.hpp"

#include <array>
#include <cstdint>
#include <new>

namespace tetrad::runtime::frame_pool {

namespace {
constinit thread_local std::int64_t alive = 0;
}

std::int64_t bytes_alive() { return alive; }

#if defined(__SANITIZE_ADDRESS__)

// A recycled frame would hide a use after free from the sanitizer.
void* allocate(std::size_t size) {
    alive += static_cast<std::int64_t>(size);
    return ::operator new(size);
}
void release(void* frame, std::size_t size) {
    alive -= static_cast<std::int64_t>(size);
    ::operator delete(frame);
}

#else

namespace {

constexpr std::size_t step = 64;
constexpr std::size_t classes = 32;       // frames up to 2 KiB; larger ones are rare and go to the heap
constexpr std::uint32_t kept_max = 1024;  // free frames of one size that a thread holds on to

struct free_frame {
    free_frame* next;
};

// Trivial, so that reaching it costs no guard and it is valid until the thread's very end.
struct lists {
    std::array<free_frame*, classes> first{};
    std::array<std::uint32_t, classes> kept{};
    bool closed = false;
};
constinit thread_local lists mine;

// Gives the lists back when the thread ends; frames released later than that go to the heap.
struct closer {
    ~closer() {
        mine.closed = true;
        for (std::size_t c = 0; c < classes; ++c) {
            while (free_frame* f = mine.first[c]) {
                mine.first[c] = f->next;
                ::operator delete(f);
            }
            mine.kept[c] = 0;
        }
    }
    void touch() {}
};
thread_local closer at_thread_end;

std::size_t class_of(std::size_t size) { return (size + step - 1) / step - 1; }

}  // namespace

void* allocate(std::size_t size) {
    alive += static_cast<std::int64_t>(size);
    const std::size_t c = class_of(size);
    if (c >= classes)
        return ::operator new(size);
    if (free_frame* f = mine.first[c]) {
        mine.first[c] = f->next;
        --mine.kept[c];
        return f;
    }
    return ::operator new((c + 1) * step);
}

void release(void* frame, std::size_t size) {
    alive -= static_cast<std::int64_t>(size);
    const std::size_t c = class_of(size);
    if (c >= classes || mine.closed || mine.kept[c] >= kept_max) {
        ::operator delete(frame);
        return;
    }
    if (!mine.first[c])
        at_thread_end.touch();  // the first use registers its destructor
    mine.first[c] = new (frame) free_frame{mine.first[c]};
    ++mine.kept[c];
}

#endif

}  // namespace tetrad::runtime::frame_pool
