// SPDX-License-Identifier: Apache-2.0
// A FIFO in one block of memory that doubles when it is full and never shrinks: no allocation once it is warm. Its owner bounds
// what it may hold.
#pragma once

#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "base/check.hpp"

namespace tetrad::runtime {

template <class T>
class growing_ring {
public:
    growing_ring() = default;
    growing_ring(const growing_ring&) = delete;
    growing_ring& operator=(const growing_ring&) = delete;
    ~growing_ring() {
        while (!empty())
            pop_front();
        if (slots_)
            ::operator delete(slots_, line);
    }

    bool empty() const { return head_ == tail_; }
    std::size_t size() const { return tail_ - head_; }
    T& front() {
        CHECK(!empty());
        return slots_[head_ & (capacity_ - 1)];
    }
    void push_back(T value) {
        if (size() == capacity_)
            grow();
        std::construct_at(&slots_[tail_++ & (capacity_ - 1)], std::move(value));
    }
    void pop_front() {
        CHECK(!empty());
        std::destroy_at(&slots_[head_++ & (capacity_ - 1)]);
    }

private:
    // What one thread made another may use, for as long as it lives: no part of a cache line lies in somebody else's block.
    static constexpr std::align_val_t line{64};

    void grow() {
        const std::size_t wider = capacity_ == 0 ? 16 : capacity_ * 2, count = size();
        T* fresh = static_cast<T*>(::operator new(wider * sizeof(T), line));
        for (std::size_t i = 0; i < count; ++i) {
            T& old = slots_[(head_ + i) & (capacity_ - 1)];
            std::construct_at(&fresh[i], std::move(old));
            std::destroy_at(&old);
        }
        if (slots_)
            ::operator delete(slots_, line);
        slots_ = fresh;
        capacity_ = wider;
        head_ = 0;
        tail_ = count;
    }

    T* slots_ = nullptr;
    std::size_t capacity_ = 0, head_ = 0, tail_ = 0;
};

}  // namespace tetrad::runtime
