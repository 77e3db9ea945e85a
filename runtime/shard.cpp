// SPDX-License-Identifier: Apache-2.0
#include "runtime/shard.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "runtime/executor.hpp"

namespace tetrad::runtime {

shard::shard(executor& on, std::size_t index, std::string name, queue_spec main)
    : executor_(on), index_(index), name_(std::move(name)) {
    CHECK(index < shards_max);
    queue(std::move(main));
    executor_.attach(*this);
}

shard::~shard() { executor_.detach(*this); }

backend& shard::io() const { return executor_.io(); }
instant shard::now() const { return executor_.now(); }

task_queue& shard::queue(queue_spec spec) {
    for (const auto& q : queues_)
        if (q->spec().name == spec.name)
            return *q;
    queues_.push_back(std::make_unique<task_queue>(*this, std::move(spec)));
    return *queues_.back();
}

// ---- mail ----

void shard::open_ring(shard& to, std::size_t depth) {
    line& l = lines_[to.index_];
    CHECK(!l.letters || (l.letters->empty() && l.to == &to));
    if (l.letters)
        to.remove_inbound(*l.letters);
    l.room += depth;
    l.to = &to;
    l.letters = std::make_unique<ring>(l.room);
    l.mark.bell = &l.letters->bell();
    l.mark.receiver = &to.executor_;
    to.add_inbound(*l.letters);
}

void shard::send(shard& to, const parcel& p) {
    line& l = lines_[to.index_];
    CHECK(l.to == &to);
    CHECK(l.letters->push(p));
    touch(l.mark);
}

void shard::add_inbound(inbound& i) { from_.push_back(&i); }
void shard::remove_inbound(inbound& i) { std::erase(from_, &i); }

bool shard::poll_mail() {
    bool any = false;
    for (inbound* const i : from_)
        any |= i->poll();
    return any;
}

void shard::flush_mail() {
    for (outbound* const o : touched_) {
        o->touched = false;
        if (o->receiver != &executor_ && o->bell->take())
            executor_.wake(*o->receiver);
    }
    touched_.clear();
}

std::size_t shard::mail_waiting() const {
    std::size_t n = 0;
    for (const inbound* const i : from_)
        n += i->depth();
    return n;
}

bool shard::has_mail() const {
    return std::any_of(from_.begin(), from_.end(), [](const inbound* i) { return i->has_news(); });
}

void shard::announce_sleep() {
    for (inbound* const i : from_)
        i->announce_sleep();
}

void shard::announce_awake() {
    for (inbound* const i : from_)
        i->announce_awake();
}

}  // namespace tetrad::runtime
