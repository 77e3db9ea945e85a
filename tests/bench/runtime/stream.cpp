// SPDX-License-Identifier: Apache-2.0
// Messages of 56 bytes from one thread to another, both spinning. Bare: the better of two rings, one whose slots carry sequence
// numbers (a cache line a message) and one whose ends remember each other's index (lines of indices move once a batch).
#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/stream.hpp"
#include "tests/bench/runtime/list.hpp"
#include "tests/bench/runtime/our_shard.hpp"

namespace tetrad::bench {

namespace {

constexpr std::size_t slots = 1024, batch = 32;
constexpr std::uint64_t last = UINT64_MAX;  // of a message that ends the stream

struct message {
    std::array<std::uint64_t, 7> words{};
};

/// push() and pop() move up to `batch` messages and say how many.
class sequence_ring {
public:
    sequence_ring() {
        for (std::size_t i = 0; i < slots; ++i)
            slots_[i].sequence.store(i, std::memory_order_relaxed);
    }
    std::size_t push(const message* from, std::size_t n) {
        std::size_t done = 0;
        for (; done < n; ++done) {
            slot& s = slots_[head_ % slots];
            if (s.sequence.load(std::memory_order_acquire) != head_)
                break;
            s.value = from[done];
            s.sequence.store(++head_, std::memory_order_release);
        }
        return done;
    }
    std::size_t pop(message* to, std::size_t n) {
        std::size_t done = 0;
        for (; done < n; ++done) {
            slot& s = slots_[tail_ % slots];
            if (s.sequence.load(std::memory_order_acquire) != tail_ + 1)
                break;
            to[done] = s.value;
            s.sequence.store(tail_++ + slots, std::memory_order_release);
        }
        return done;
    }

private:
    struct alignas(64) slot {
        std::atomic<std::uint64_t> sequence{0};
        message value;
    };
    std::array<slot, slots> slots_;
    alignas(128) std::uint64_t head_ = 0;
    alignas(128) std::uint64_t tail_ = 0;
};

class index_ring {
public:
    std::size_t push(const message* from, std::size_t n) {
        if (head_ + n - tail_seen_ > slots)
            tail_seen_ = tail_shared_.load(std::memory_order_acquire);
        n = std::min(n, slots - (head_ - tail_seen_));
        for (std::size_t i = 0; i < n; ++i)
            slots_[(head_ + i) % slots] = from[i];
        head_ += n;
        if (n > 0)
            head_shared_.store(head_, std::memory_order_release);
        return n;
    }
    std::size_t pop(message* to, std::size_t n) {
        if (tail_ + n > head_seen_)
            head_seen_ = head_shared_.load(std::memory_order_acquire);
        n = std::min(n, head_seen_ - tail_);
        for (std::size_t i = 0; i < n; ++i)
            to[i] = slots_[(tail_ + i) % slots];
        tail_ += n;
        if (n > 0)
            tail_shared_.store(tail_, std::memory_order_release);
        return n;
    }

private:
    std::array<message, slots> slots_;
    alignas(128) std::size_t head_ = 0;
    std::size_t tail_seen_ = 0;
    alignas(128) std::size_t tail_ = 0;
    std::size_t head_seen_ = 0;
    alignas(128) std::atomic<std::size_t> head_shared_{0};
    alignas(128) std::atomic<std::size_t> tail_shared_{0};
};

/// Of the receiving thread, when it has received so many.
void fill_in(sample& out, const meter& used, std::uint64_t received) {
    const auto n = static_cast<double>(received);
    const auto micros = [](duration d) {
        return std::chrono::duration<double, std::micro>(d).count();
    };
    out.values = {n / micros(used.wall())};
    out.cpu_us = micros(used.cpu()) / n;
    out.waited = used.waited();
}

template <class Ring>
sample stream_through(const place& where, duration window) {
    const auto ring = std::make_unique<Ring>();
    std::atomic<bool> over{false};
    sample out;
    double waited = 0;
    std::thread sending([&] {
        pin(where.at.first);
        const meter used;
        std::array<message, batch> some;
        std::uint64_t next = 0;
        while (!over.load(std::memory_order_relaxed)) {
            for (std::size_t i = 0; i < batch; ++i)
                some[i].words.fill(next + i);
            for (std::size_t done = 0; done < batch && !over.load(std::memory_order_relaxed);)
                done += ring->push(some.data() + done, batch - done);
            next += batch;
        }
        waited = used.waited();
    });
    std::thread receiving([&] {
        pin(where.at.second);
        const meter used;
        std::array<message, batch> some;
        std::uint64_t expected = 0;
        for (const instant end = clock_now() + window; clock_now() < end;)
            for (int turns = 0; turns < 1000; ++turns)
                for (std::size_t i = 0, n = ring->pop(some.data(), batch); i < n; ++i)
                    must(some[i].words[0] == expected && some[i].words[6] == expected++,
                         "messages in order");
        fill_in(out, used, expected);
        over = true;
    });
    sending.join();
    receiving.join();
    out.waited = std::max(out.waited, waited);
    return out;
}

// ---- ours ----

using line = runtime::stream<message>;

runtime::task<void> send_all(line& to, duration window) {
    std::array<message, batch> some;
    std::uint64_t next = 0;
    for (const instant end = clock_now() + window; clock_now() < end;) {
        for (int turns = 0; turns < 100; ++turns) {
            for (std::size_t i = 0; i < batch; ++i)
                some[i].words.fill(next + i);
            const auto sent = co_await to.send(some);
            must(sent.has_value(), "a stream that takes messages");
            next += batch;
        }
    }
    some[0].words.fill(last);
    const auto sent = co_await to.send(std::span<const message>(some).first(1));
    must(sent.has_value(), "a stream that takes messages");
}

runtime::task<void> receive_all(line& from, sample& out) {
    const meter used;
    std::array<message, batch> some;
    std::uint64_t expected = 0;
    for (bool over = false; !over;) {
        const auto n = co_await from.receive(some);
        must(n.has_value(), "a stream that gives messages");
        for (std::size_t i = 0; i < *n; ++i) {
            over = some[i].words[0] == last;
            must(over || (some[i].words[0] == expected && some[i].words[6] == expected),
                 "messages in order");
            ++expected;
        }
    }
    fill_in(out, used, expected);
}

result<sample> our_stream(const place& where) {
    TRY(const auto sender, our_shard::make(0, /*spins=*/true));
    TRY(const auto receiver, our_shard::make(1, /*spins=*/true));
    line between("bench", slots, sender->here, receiver->here);
    sample out;
    double waited = 0;
    sender->tasks.spawn(send_all(between, where.window));
    receiver->tasks.spawn(receive_all(between, out));
    std::thread sending([&] {
        pin(where.at.first);
        const meter used;
        sender->run();
        waited = used.waited();
    });
    std::thread receiving([&] {
        pin(where.at.second);
        receiver->run();
    });
    sending.join();
    receiving.join();
    out.waited = std::max(out.waited, waited);
    return out;
}

class streams final : public comparison {
public:
    explicit streams(const place& where) : where_(where) {}
    std::vector<metric> metrics() const override {
        return {
            {"stream", "M msg/s", {aim::side::at_least, aim::of::value, 25, /*near_only=*/true}}};
    }
    /// Which of the bare rings is the better one here.
    result<void> prepare() override {
        std::vector<double> by_sequence, by_index;
        for (int i = 0; i < 3; ++i) {
            by_sequence.push_back(
                stream_through<sequence_ring>(where_, where_.window / 4).values[0]);
            by_index.push_back(stream_through<index_ring>(where_, where_.window / 4).values[0]);
        }
        indexed_ = median(by_index) > median(by_sequence);
        return {};
    }
    result<sample> bare() override {
        sample out = indexed_ ? stream_through<index_ring>(where_, where_.window)
                              : stream_through<sequence_ring>(where_, where_.window);
        out.note = indexed_ ? "bare: cached indices" : "bare: sequence numbers";
        return out;
    }
    result<sample> ours() override { return our_stream(where_); }

private:
    place where_;
    bool indexed_ = false;
};

}  // namespace

std::unique_ptr<comparison> compare_stream(const place& where) {
    return std::make_unique<streams>(where);
}

}  // namespace tetrad::bench
