// SPDX-License-Identifier: Apache-2.0
// Containers that a peer may fill and allowances that it may spend: each has a limit from its birth and says what happens at
// it. Plain values of one shard.
//
//     bounded_ring<T> a queue           push: false when full; push_over: the oldest makes room
//     flat_map<K,V>   a small map       insert: nothing when full; iterates in the order of keys
//     lru_set         recent hashes     push: the least recently pushed makes room
//     token_bucket    a rate            take: false when not enough has come in
//     keyed_hash      for tables of hashes that strangers choose
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/time.hpp"

namespace tetrad {

/// A queue of at most `capacity` elements. Its memory grows with use (by doubling) up to that and is not given back.
template <class T>
class bounded_ring {
public:
    explicit bounded_ring(std::size_t capacity) : capacity_(capacity) { CHECK(capacity > 0); }

    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    bool empty() const { return size_ == 0; }
    bool full() const { return size_ == capacity_; }

    /// False, and v is untouched, when full.
    [[nodiscard]] bool push(T&& v) {
        if (full())
            return false;
        if (size_ == slots_.size())
            grow();
        slots_[place(size_++)] = std::move(v);
        return true;
    }
    [[nodiscard]] bool push(const T& v) { return push(T(v)); }
    /// Always takes v; returns what had to go for it.
    std::optional<T> push_over(T v) {
        std::optional<T> gone;
        if (full())
            gone = pop();
        CHECK(push(std::move(v)));
        return gone;
    }
    /// The oldest; the ring is not empty.
    T pop() {
        CHECK(!empty());
        T out = std::move(slots_[first_]);
        slots_[first_] = T{};
        first_ = place(1);
        --size_;
        return out;
    }
    /// 0 is the oldest.
    T& operator[](std::size_t i) {
        DCHECK(i < size_);
        return slots_[place(i)];
    }
    const T& operator[](std::size_t i) const {
        DCHECK(i < size_);
        return slots_[place(i)];
    }
    T& front() { return (*this)[0]; }
    T& back() { return (*this)[size_ - 1]; }
    void clear() {
        while (!empty())
            pop();
    }

private:
    std::size_t place(std::size_t i) const { return (first_ + i) % slots_.size(); }
    void grow() {
        std::vector<T> bigger(std::min(capacity_, std::max<std::size_t>(8, 2 * slots_.size())));
        for (std::size_t i = 0; i < size_; ++i)
            bigger[i] = std::move(slots_[place(i)]);
        slots_ = std::move(bigger);
        first_ = 0;
    }

    std::size_t capacity_;
    std::vector<T> slots_;
    std::size_t first_ = 0, size_ = 0;
};

/// A map of at most `capacity` entries in one sorted vector: for a few hundred entries, or many look-ups and few changes.
template <class Key, class Value>
class flat_map {
public:
    using entry = std::pair<Key, Value>;
    explicit flat_map(std::size_t capacity) : capacity_(capacity) {}

    std::size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty(); }
    bool full() const { return size() >= capacity_; }
    auto begin() { return entries_.begin(); }
    auto end() { return entries_.end(); }
    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }

    Value* find(const Key& key) {
        const auto at = lower(key);
        return at != entries_.end() && at->first == key ? &at->second : nullptr;
    }
    const Value* find(const Key& key) const { return const_cast<flat_map*>(this)->find(key); }
    bool contains(const Key& key) const { return find(key) != nullptr; }

    struct inserted {
        Value* where;  // the value there is now; null when the map was full
        bool is_new;
    };
    /// An existing value stays as it is.
    inserted insert(Key key, Value value) {
        const auto at = lower(key);
        if (at != entries_.end() && at->first == key)
            return {&at->second, false};
        if (full())
            return {nullptr, false};
        return {&entries_.insert(at, entry(std::move(key), std::move(value)))->second, true};
    }
    bool erase(const Key& key) {
        const auto at = lower(key);
        if (at == entries_.end() || at->first != key)
            return false;
        entries_.erase(at);
        return true;
    }
    template <class Predicate>
    std::size_t erase_if(Predicate p) {
        return std::erase_if(entries_, p);
    }
    void clear() { entries_.clear(); }

private:
    auto lower(const Key& key) {
        return std::lower_bound(entries_.begin(), entries_.end(), key,
                                [](const entry& e, const Key& k) { return e.first < k; });
    }

    std::size_t capacity_;
    std::vector<entry> entries_;
};

/// Of a hash, which is one already, but peers choose it: with a seed from the shard's random source nobody knows which meet in a bucket.
struct keyed_hash {
    std::uint64_t seed = 0;
    std::size_t operator()(const hash256& key) const {
        std::uint64_t a, b;
        std::memcpy(&a, key.data.data(), 8);
        std::memcpy(&b, key.data.data() + 8, 8);
        const auto mixed = static_cast<unsigned __int128>(a ^ seed) * ((b ^ std::rotl(seed, 32)) | 1);
        return static_cast<std::uint64_t>(mixed) ^ static_cast<std::uint64_t>(mixed >> 64);
    }
};

/// The hashes pushed last, at most `capacity` of them (CometBFT's LRUTxCache). Memory grows with use: some 56 bytes each. The seed is
/// keyed_hash's.
class lru_set {
public:
    explicit lru_set(std::size_t capacity, std::uint64_t seed = 0)
        : capacity_(capacity), hash_{seed}, buckets_(std::bit_ceil(std::max<std::size_t>(capacity, 1)), none) {
        CHECK(capacity < none);
    }

    std::size_t size() const { return size_; }

    /// True where it is new; one already known becomes the most recent. When full the least recent goes. A set of capacity 0
    /// holds nothing, and everything is new.
    bool push(const hash256& key) {
        if (capacity_ == 0)
            return true;
        if (const auto known = lookup(key); known != none) {
            unlink(known);
            link_newest(known);
            return false;
        }
        if (size_ == capacity_)
            drop(oldest_);
        const auto at = take_node();
        nodes_[at].key = key;
        auto& bucket = buckets_[bucket_of(key)];
        nodes_[at].next_in_bucket = std::exchange(bucket, at);
        link_newest(at);
        ++size_;
        return true;
    }
    bool contains(const hash256& key) const { return lookup(key) != none; }
    /// False where it was not there.
    bool remove(const hash256& key) {
        const auto at = lookup(key);
        if (at == none)
            return false;
        drop(at);
        return true;
    }
    void clear() {
        std::fill(buckets_.begin(), buckets_.end(), none);
        nodes_.clear();
        oldest_ = newest_ = free_ = none;
        size_ = 0;
    }

private:
    static constexpr std::uint32_t none = UINT32_MAX;
    struct node {
        hash256 key;
        std::uint32_t older = none, newer = none;
        std::uint32_t next_in_bucket = none;  // of a free node: the next free one
    };

    std::size_t bucket_of(const hash256& key) const { return hash_(key) & (buckets_.size() - 1); }
    std::uint32_t lookup(const hash256& key) const {
        auto at = buckets_[bucket_of(key)];
        while (at != none && nodes_[at].key != key)
            at = nodes_[at].next_in_bucket;
        return at;
    }
    std::uint32_t take_node() {
        if (free_ != none)
            return std::exchange(free_, nodes_[free_].next_in_bucket);
        nodes_.emplace_back();
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    void link_newest(std::uint32_t at) {
        nodes_[at].older = newest_;
        nodes_[at].newer = none;
        (newest_ == none ? oldest_ : nodes_[newest_].newer) = at;
        newest_ = at;
    }
    void unlink(std::uint32_t at) {
        const auto& n = nodes_[at];
        (n.older == none ? oldest_ : nodes_[n.older].newer) = n.newer;
        (n.newer == none ? newest_ : nodes_[n.newer].older) = n.older;
    }
    void drop(std::uint32_t at) {
        auto* place = &buckets_[bucket_of(nodes_[at].key)];
        while (*place != at)
            place = &nodes_[*place].next_in_bucket;
        *place = nodes_[at].next_in_bucket;
        unlink(at);
        nodes_[at].next_in_bucket = std::exchange(free_, at);
        --size_;
    }

    std::size_t capacity_;
    keyed_hash hash_;
    std::size_t size_ = 0;
    std::vector<node> nodes_;
    std::vector<std::uint32_t> buckets_;
    std::uint32_t oldest_ = none, newest_ = none, free_ = none;
};

/// So many units a second, at most `burst` saved up. Starts full. Time comes from the caller and may stand still, never go back.
class token_bucket {
public:
    token_bucket(std::int64_t per_second, std::int64_t burst) : per_second_(per_second), burst_(burst), tokens_(burst) {
        CHECK(per_second > 0 && burst > 0);
    }

    /// How many may be taken now; below zero after spend() overdrew.
    std::int64_t available(instant now) {
        refill(now);
        return tokens_;
    }
    /// All n or none.
    bool take(instant now, std::int64_t n) {
        refill(now);
        if (tokens_ < n)
            return false;
        tokens_ -= n;
        return true;
    }
    /// Takes n also where fewer are there: the debt delays what follows.
    void spend(instant now, std::int64_t n) {
        refill(now);
        tokens_ = static_cast<std::int64_t>(std::max<__int128>(static_cast<__int128>(tokens_) - n, -debt_max));
    }
    /// When n will be available (now, where they are); n above the burst counts as the burst.
    instant when(instant now, std::int64_t n) {
        refill(now);
        const auto missing = static_cast<__int128>(std::min(n, burst_)) - tokens_;
        if (missing <= 0)
            return now;
        const auto ns = (missing * 1'000'000'000 - carry_ + per_second_ - 1) / per_second_;
        return now + duration(static_cast<std::int64_t>(std::min<__int128>(ns, INT64_MAX)));
    }

private:
    static constexpr std::int64_t debt_max = INT64_MAX / 4;

    void refill(instant now) {
        if (now <= last_)
            return;
        const auto earned = static_cast<__int128>((now - last_).count()) * per_second_ + carry_;
        last_ = now;
        const auto whole = earned / 1'000'000'000;
        if (whole >= static_cast<__int128>(burst_) - tokens_) {
            tokens_ = burst_;
            carry_ = 0;
        } else {
            tokens_ += static_cast<std::int64_t>(whole);
            carry_ = static_cast<std::int64_t>(earned % 1'000'000'000);
        }
    }

    std::int64_t per_second_, burst_, tokens_;
    std::int64_t carry_ = 0;  // billionths of a token earned and not yet whole
    instant last_{};
};

}  // namespace tetrad
