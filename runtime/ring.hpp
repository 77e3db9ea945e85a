// SPDX-License-Identifier: Apache-2.0
// A bounded single-producer single-consumer ring of letters between two shards, with the words by which a sleeping consumer is
// woken. A slot's sequence number lives beside its pointer, so the consumer touches one line per letter.
//
// Sleep and wake: the consumer, before it blocks, exchanges its `waiting` word to 1 and polls once more; the producer, once per
// flush, reads it by fetch_or(0) and, where it was 1, exchanges it to 0 and wakes. Both sides use read-modify-writes of one word:
// modification order then gives either "the sleeper sees the letter" or "the sender sees the flag". A plain load after a release
// store would not be enough on x86.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tetrad::runtime {

/// One message between two shards. It lives at its sender (in a coroutine frame or a pool) and comes back by the reverse ring.
struct letter {
    /// Run on the receiving shard when the letter arrives there.
    void (*deliver)(letter&) = nullptr;
    /// Frees a letter that owns itself and that nobody will deliver any more. Null where its sender keeps it.
    void (*drop)(letter&) = nullptr;
    letter* link = nullptr;  // for the queue of whoever holds it

    void drop_undelivered() {
        if (drop)
            drop(*this);
    }
};

class ring {
public:
    explicit ring(std::size_t depth);
    ~ring();  // both ends have stopped; letters still in it are dropped, so they live until then
    ring(const ring&) = delete;

    /// Producer. False where it is full.
    bool push(letter*);
    /// Consumer. Null where it is empty.
    letter* pop();
    bool empty() const;

    /// Producer, once per flush: true where the consumer was about to sleep and has to be woken.
    bool take_waiting() { return waiting_.fetch_or(0, std::memory_order_acq_rel) != 0 && waiting_.exchange(0) != 0; }
    /// Consumer, before it sleeps; it must poll once more afterwards.
    void set_waiting() { waiting_.exchange(1, std::memory_order_acq_rel); }
    void clear_waiting() { waiting_.exchange(0, std::memory_order_acq_rel); }

private:
    struct slot {
        std::atomic<std::uint64_t> sequence{0};
        letter* value = nullptr;
    };
    static constexpr std::size_t line = 64;
    std::size_t mask_;
    std::unique_ptr<slot[]> slots_;
    alignas(line) std::uint64_t head_ = 0;              // producer's
    alignas(line) std::uint64_t tail_ = 0;              // consumer's
    alignas(line) std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace tetrad::runtime
