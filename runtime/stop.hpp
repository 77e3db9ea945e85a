// SPDX-License-Identifier: Apache-2.0
// Cancellation. Every task runs under a stop_state, inherited from whoever awaits or spawns it. What suspends (an operation, a
// sleep, a channel) registers a stop_node there while it waits; request() wakes each of them with errc::cancelled (or timed_out,
// where a deadline asked). States form a tree: a scope or a deadline makes a child of the state it runs under. One shard only;
// nothing here is shared between threads.
#pragma once

#include "base/check.hpp"
#include "base/result.hpp"

namespace tetrad::runtime {

class stop_state;

/// Something that waits and can be told to stop. Linked into at most one stop_state; unlinks itself when destroyed.
class stop_node {
public:
    /// Called at most once, on the shard, when the state is asked to stop. It must arrange that the waiter wakes (now or, for an
    /// operation in the kernel, when its completion arrives) and must not resume anything itself.
    using stop_function = void (*)(stop_node&);

    explicit stop_node(stop_function on_stop) : on_stop_(on_stop) {}
    stop_node(const stop_node&) = delete;
    stop_node& operator=(const stop_node&) = delete;
    ~stop_node() { unlink(); }

    void unlink() {
        if (!next_)
            return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        next_ = prev_ = nullptr;
    }
    bool is_linked() const { return next_ != nullptr; }

private:
    friend class stop_state;
    stop_function on_stop_;
    stop_node* next_ = nullptr;
    stop_node* prev_ = nullptr;
};

class stop_state {
public:
    /// A root, or a child that also stops when its parent does, for the same reason.
    explicit stop_state(stop_state* parent = nullptr) : head_(nullptr), in_parent_(this, parent) {
        head_.next_ = head_.prev_ = &head_;
        if (parent && parent->requested_)
            why_ = parent->why_, requested_ = true;
        else if (parent)
            parent->add(in_parent_);
    }
    stop_state(const stop_state&) = delete;
    stop_state& operator=(const stop_state&) = delete;
    ~stop_state() {
        while (head_.next_ != &head_)  // waiters may outlive a deadline's state only in teardown
            head_.next_->unlink();
        head_.next_ = head_.prev_ = nullptr;
    }

    bool requested() const { return requested_; }
    /// cancelled or timed_out.
    errc why() const { return why_; }
    /// What a wait that was stopped returns.
    [[nodiscard]] std::unexpected<error> failure() const {
        return fail(why_, why_ == errc::timed_out ? "timed out" : "cancelled");
    }

    /// Idempotent. Nodes added while it runs (by on_stop functions) are not called: they see requested().
    void request(errc why = errc::cancelled) {
        if (requested_)
            return;
        requested_ = true;
        why_ = why;
        while (head_.next_ != &head_) {
            stop_node& node = *head_.next_;
            node.unlink();
            node.on_stop_(node);
        }
    }

    /// Only while not requested.
    void add(stop_node& node) {
        CHECK(!requested_ && !node.is_linked());
        node.prev_ = head_.prev_;
        node.next_ = &head_;
        head_.prev_->next_ = &node;
        head_.prev_ = &node;
    }

private:
    struct parent_link : stop_node {
        parent_link(stop_state* s, stop_state* p)
            : stop_node([](stop_node& n) { static_cast<parent_link&>(n).pass_on(); }), self(s), parent(p) {}
        void pass_on();
        stop_state* self;
        stop_state* parent;
    };

    stop_node head_;
    parent_link in_parent_;
    bool requested_ = false;
    errc why_ = errc::cancelled;
};

inline void stop_state::parent_link::pass_on() { self->request(parent->why()); }

}  // namespace tetrad::runtime
