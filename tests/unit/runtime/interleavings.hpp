// SPDX-License-Identifier: Apache-2.0
// Every execution that the C++ memory model allows of two short threads that share modelled_memory: each order of their atomic
// accesses, each store that a load may still see, and every data race on a plain cell.
//
// A thread is a function that is run again from its beginning for each of its steps, with the answers of its earlier accesses, until
// it reaches a new one; no real thread takes part. Each step's choice (whose turn, which store) is enumerated depth first. So a
// thread's function must build its own end of the shared structure and do nothing else that lasts.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tetrad::runtime::testing {

class interleavings {
public:
    static constexpr std::size_t threads = 2;
    using body = std::function<void(std::size_t thread)>;

    /// Runs all executions of body(0) beside body(1); after each `settled` says what is wrong with its end, or "". Returns the first
    /// complaint (also a race), or "".
    std::string explore(const body& run, const std::function<std::string()>& settled) {
        executions_ = 0;
        choices_.clear();
        do {
            start_execution();
            while (wrong_.empty() && advance(run)) {}
            ++executions_;
            if (wrong_.empty())
                wrong_ = settled();
        } while (wrong_.empty() && next_execution());
        return wrong_;
    }
    std::uint64_t executions() const { return executions_; }

    // ---- what modelled_memory asks ----
    static interleavings*& current() {
        static interleavings* me = nullptr;
        return me;
    }
    std::size_t declare(std::uint64_t initial) {
        const std::size_t at = declared_++;
        if (at == locations_.size())
            locations_.push_back({{{initial, 0, {}, {}}}, {}, {}});
        return at;
    }
    std::uint64_t load(std::size_t at, bool acquires) {
        return access([&] {
            location& l = locations_[at];
            const std::size_t oldest = oldest_visible(l);
            const std::size_t k = oldest + choose(l.stores.size() - oldest);
            return see(l, k, acquires);
        });
    }
    void store(std::size_t at, std::uint64_t value, bool releases) {
        access([&] {
            write(locations_[at], value, releases ? clock() : times{});
            return std::uint64_t{0};
        });
    }
    /// Reads the newest store and follows it, acquiring and releasing.
    std::uint64_t modify(std::size_t at, const std::function<std::uint64_t(std::uint64_t)>& to) {
        return access([&] {
            location& l = locations_[at];
            const std::uint64_t old = see(l, l.stores.size() - 1, true);
            write(l, to(old), latest(clock(), l.stores.back().released));
            return old;
        });
    }
    std::uint64_t read_cell(std::size_t at) {
        return replayed_or([&] {
            location& l = locations_[at];
            if (!happened_before(l.stores.back()))
                wrong_ = "a cell is read that the other thread may be writing";
            l.read_at[me_] = ++clock()[me_];
            return l.stores.back().value;
        });
    }
    void write_cell(std::size_t at, std::uint64_t value) {
        replayed_or([&] {
            location& l = locations_[at];
            if (!happened_before(l.stores.back()) || l.read_at[1 - me_] > clock()[1 - me_])
                wrong_ = "a cell is written that the other thread may be using";
            write(l, value, {});
            return std::uint64_t{0};
        });
    }

private:
    using times = std::array<std::uint64_t, threads>;  // a vector clock
    struct written {
        std::uint64_t value;
        std::size_t by;
        times made;      // the writer's clock then
        times released;  // what an acquiring load of it learns
    };
    struct location {
        std::vector<written> stores;            // in modification order
        std::array<std::size_t, threads> seen;  // the newest that each thread has read or written
        times read_at;                          // for cells
    };
    struct thread {
        std::vector<std::uint64_t> answers;  // of its accesses so far
        times clock{};
        bool done = false;
    };
    struct choice {
        std::size_t taken, of;
    };
    struct pause {};

    void start_execution() {
        locations_.clear();
        all_ = {};
        depth_ = 0;
        wrong_.clear();
    }
    bool next_execution() {
        while (!choices_.empty() && choices_.back().taken + 1 == choices_.back().of)
            choices_.pop_back();
        if (choices_.empty())
            return false;
        ++choices_.back().taken;
        return true;
    }
    std::size_t choose(std::size_t of) {
        if (of == 1)
            return 0;
        if (depth_ == choices_.size())
            choices_.push_back({0, of});
        return choices_[depth_++].taken;
    }
    /// One more access of one thread that has not ended. False where both have.
    bool advance(const body& run) {
        std::vector<std::size_t> alive;
        for (std::size_t t = 0; t < threads; ++t)
            if (!all_[t].done)
                alive.push_back(t);
        if (alive.empty())
            return false;
        me_ = alive[choose(alive.size())];
        position_ = declared_ = 0;
        stepped_ = false;
        current() = this;
        try {
            run(me_);
            all_[me_].done = true;
        } catch (const pause&) {}
        return true;
    }
    template <class F>
    std::uint64_t replayed_or(F&& f) {
        auto& answers = all_[me_].answers;
        if (position_ == answers.size())
            answers.push_back(f());
        return answers[position_++];
    }
    /// An atomic access: the other thread may come in between two of them.
    template <class F>
    std::uint64_t access(F&& f) {
        if (position_ == all_[me_].answers.size() && std::exchange(stepped_, true))
            throw pause{};
        return replayed_or(f);
    }

    times& clock() { return all_[me_].clock; }
    static times latest(times a, const times& b) {
        for (std::size_t t = 0; t < threads; ++t)
            a[t] = std::max(a[t], b[t]);
        return a;
    }
    bool happened_before(const written& w) { return w.made[w.by] <= clock()[w.by]; }
    std::size_t oldest_visible(const location& l) {
        std::size_t k = l.stores.size() - 1;
        while (k > l.seen[me_] && !happened_before(l.stores[k]))
            --k;
        return k;
    }
    std::uint64_t see(location& l, std::size_t k, bool acquires) {
        l.seen[me_] = k;
        ++clock()[me_];
        if (acquires)
            clock() = latest(clock(), l.stores[k].released);
        return l.stores[k].value;
    }
    void write(location& l, std::uint64_t value, times released) {
        ++clock()[me_];
        if (released != times{})
            released[me_] = clock()[me_];
        l.stores.push_back({value, me_, clock(), released});
        l.seen[me_] = l.stores.size() - 1;
    }

    std::vector<location> locations_;
    std::array<thread, threads> all_;
    std::vector<choice> choices_;
    std::size_t depth_ = 0, me_ = 0, position_ = 0, declared_ = 0;
    bool stepped_ = false;
    std::uint64_t executions_ = 0;
    std::string wrong_;
};

/// Memory that the exploration watches. With `Ordered` false every order is taken as relaxed: what breaks then shows that the
/// exploration can find it.
template <bool Ordered = true>
struct modelled_memory {
    template <class T>
    class atomic {
    public:
        explicit atomic(T initial) : at_(interleavings::current()->declare(static_cast<std::uint64_t>(initial))) {}
        T load(std::memory_order order) const {
            return static_cast<T>(interleavings::current()->load(at_, Ordered && order != std::memory_order_relaxed));
        }
        void store(T value, std::memory_order order) {
            interleavings::current()->store(at_, static_cast<std::uint64_t>(value),
                                            Ordered && order != std::memory_order_relaxed);
        }
        T exchange(T value, std::memory_order) {
            return static_cast<T>(interleavings::current()->modify(at_, [&](auto) { return static_cast<std::uint64_t>(value); }));
        }
        T fetch_or(T bits, std::memory_order) {
            return static_cast<T>(interleavings::current()->modify(at_, [&](auto old) { return old | bits; }));
        }

    private:
        std::size_t at_;
    };
    template <class T>
    class cell {
    public:
        cell() : at_(interleavings::current()->declare(0)) {}
        cell& operator=(const T& value) {
            interleavings::current()->write_cell(at_, static_cast<std::uint64_t>(value));
            return *this;
        }
        operator T() const { return static_cast<T>(interleavings::current()->read_cell(at_)); }

    private:
        std::size_t at_;
    };
};

}  // namespace tetrad::runtime::testing
