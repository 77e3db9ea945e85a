// SPDX-License-Identifier: Apache-2.0
// A bounded queue of values between tasks of one shard. push() waits where it is full, try_push() says so; pop() waits where it is
// empty. After close() pushes fail, and pops drain what is left, then fail with errc::closed.
#pragma once

#include <optional>
#include <utility>

#include "runtime/growing_ring.hpp"
#include "runtime/wait.hpp"

namespace tetrad::runtime {

template <class T>
class channel {
public:
    explicit channel(std::size_t depth) : depth_(depth) {}

    bool try_push(T value) {
        if (closed_ || queue_.size() >= depth_)
            return false;
        queue_.push_back(std::move(value));
        not_empty_.wake_one();
        return true;
    }
    task<result<void>> push(T value) {
        while (!closed_ && queue_.size() >= depth_)
            co_await ok(not_full());
        if (closed_)
            co_return fail(errc::closed, "channel closed");
        queue_.push_back(std::move(value));
        not_empty_.wake_one();
        co_return result<void>{};
    }
    std::optional<T> try_pop() {
        if (queue_.empty())
            return std::nullopt;
        std::optional<T> value(std::move(queue_.front()));
        queue_.pop_front();
        not_full_.wake_one();
        return value;
    }
    task<result<T>> pop() {
        while (queue_.empty()) {
            if (closed_)
                co_return fail(errc::closed, "channel closed");
            result<void> woken = co_await not_empty_.wait();
            if (!woken)
                co_return pass(woken);
        }
        T value = std::move(queue_.front());
        queue_.pop_front();
        not_full_.wake_one();
        co_return value;
    }
    void close() {
        closed_ = true;
        not_empty_.wake_all();
        not_full_.wake_all();
    }
    std::size_t size() const { return queue_.size(); }
    std::size_t depth() const { return depth_; }
    bool closed() const { return closed_; }

private:
    task<result<void>> not_full() {
        result<void> woken = co_await not_full_.wait();
        co_return woken;
    }

    std::size_t depth_;
    growing_ring<T> queue_;  // never past depth_
    wait_queue not_empty_, not_full_;
    bool closed_ = false;
};

}  // namespace tetrad::runtime
