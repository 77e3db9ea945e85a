// SPDX-License-Identifier: Apache-2.0
#include "runtime/group_commit.hpp"

#include <cstring>
#include <utility>

#include "base/check.hpp"

namespace tetrad::runtime {

namespace {

constexpr std::size_t round_up(std::size_t n) {
    return (n + group_commit::block - 1) / group_commit::block * group_commit::block;
}

}  // namespace

group_commit::group_commit(shard& here, file& to, std::uint64_t begin, group_limits l)
    : to_(to),
      limits_(l),
      groups_{group(block + round_up(l.waiting_bytes_max)),
              group(block + round_up(l.waiting_bytes_max))},
      filling_(&groups_[0]),
      base_(begin),
      end_(begin),
      tasks_(here) {
    CHECK(begin % block == 0);
    CHECK(limits_.waiting_bytes_max > 0);
}

result<void> group_commit::refusal() const {
    if (broken_)
        return std::unexpected<error>(*broken_);
    if (closed_)
        return fail(errc::closed, to_.path() + ": no more appends");
    return {};
}

task<result<void>> group_commit::append(byte_view record) {
    CHECK(!record.empty());
    if (record.size() > limits_.waiting_bytes_max)
        co_return fail(errc::too_large, to_.path() + ": a record over the bound of a commit");
    if (!has_room(record.size()) || in_line_.free() == 0)
        co_await ok(wait_for_room(record.size()));
    co_await ok(refusal());

    std::memcpy(filling_->memory.data() + filling_->used, record.data(), record.size());
    filling_->used += record.size();
    const std::uint64_t mine = number_;
    if (!std::exchange(committing_, true))
        tasks_.spawn(commit_all());
    while (committed_ < mine && !broken_) {
        result<void> woken = co_await done_[mine % 2].wait();
        if (!woken)
            co_return pass(woken);
    }
    if (committed_ < mine)
        co_return std::unexpected<error>(*broken_);
    co_return result<void>{};
}

task<result<void>> group_commit::wait_for_room(std::size_t size) {
    const result<semaphore::unit> first = co_await in_line_.acquire();
    if (!first)
        co_return std::unexpected<error>(first.error());
    while (!has_room(size) && !broken_ && !closed_) {
        result<void> woken = co_await room_.wait();
        if (!woken)
            co_return pass(woken);
    }
    co_return result<void>{};
}

task<void> group_commit::commit_all() {
    while (filling_->used > filling_->kept && !broken_) {
        co_await commit();
        // Those who waited run first: what they append now shares the next commit instead of the one after it.
        co_await yield();
    }
    committing_ = false;
}

task<void> group_commit::commit() {
    const std::uint64_t number = number_++, at = base_;
    group& full = take_filled();
    room_.notify();
    const byte_view blocks(full.memory.data(), round_up(full.used));
    const auto written = co_await to_.write_durable_at(at, blocks);
    if (written) {
        committed_ = number;
        end_ = at + full.used;
    } else {
        broken_.emplace(errc::fatal, written.error().text);
        room_.notify();
        done_[(number + 1) % 2].notify();
    }
    done_[number % 2].notify();
}

/// The group that was filled, ready to be written; the other one goes on where it ends, beginning with its last block.
group_commit::group& group_commit::take_filled() {
    group& full = *filling_;
    group& next = &full == &groups_[0] ? groups_[1] : groups_[0];
    std::memset(full.memory.data() + full.used, 0, round_up(full.used) - full.used);
    const std::size_t whole = full.used / block * block;
    next.kept = next.used = full.used - whole;
    std::memcpy(next.memory.data(), full.memory.data() + whole, next.kept);
    base_ += whole;
    filling_ = &next;
    return full;
}

task<result<void>> group_commit::close() {
    closed_ = true;
    room_.notify();
    co_await tasks_.join();
    if (broken_)
        co_return std::unexpected<error>(*broken_);
    co_return result<void>{};
}

}  // namespace tetrad::runtime
