// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/backend.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/world.hpp"

namespace tetrad::runtime::sim {

namespace {

// Numbers of operations travel in op::backend_data.
void* as_data(std::uint64_t number) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)); }
std::uint64_t number_of(const op& o) { return reinterpret_cast<std::uintptr_t>(o.backend_data); }

byte_view buffer_of(const op& o, std::size_t length) { return {static_cast<const std::uint8_t*>(o.buffer), length}; }

/// The bytes that an operation carried, in either direction; of paths and parts, none.
byte_view moved(const op& o) {
    const bool carries = o.code == op_code::recv || o.code == op_code::receive || o.code == op_code::send || o.code == op_code::read ||
                         o.code == op_code::write || o.code == op_code::write_durable;
    return carries && o.result > 0 ? buffer_of(o, static_cast<std::size_t>(o.result)) : byte_view();
}

std::unexpected<error> failure(int errno_value, std::string_view doing) {
    return std::unexpected<error>(system_error(errno_value, doing));
}

}  // namespace

sim_backend::sim_backend(host& on, std::uint64_t number, std::uint64_t seed)
    : host_(on), world_(on.in()), number_(number), random_(seed), timing_(seed ^ 0x5bf0'3635'dcf4'0a17) {}

sim_backend::~sim_backend() {
    if (!cut_off_)
        cut_off(false);  // the process ends
    for (const auto& [number, p] : pending_)
        world_.events().cancel(p.next);
    host_.backend_gone(*this);
}

void sim_backend::note(std::string_view what, std::initializer_list<std::int64_t> numbers, byte_view content) {
    world_.note(what, host_.index(), number_, numbers, content);
}

// ---- operations ----

void sim_backend::submit(op& o) {
    CHECK(!o.in_flight && o.complete);
    const std::uint64_t number = ++operations_;
    o.in_flight = true;
    o.cancelled = false;
    o.backend_data = as_data(number);
    pending_[number].what = &o;
    ++counts_.submitted[static_cast<std::size_t>(o.code)];
    const std::string peer = o.code == op_code::connect ? to_string(o.peer) : std::string();
    note("submit", {static_cast<std::int64_t>(number), static_cast<std::int64_t>(o.code), o.fd, static_cast<std::int64_t>(o.length),
                    static_cast<std::int64_t>(o.offset), o.flags},
         o.path ? view(o.path) : o.code == op_code::connect ? view(peer) : byte_view());
    if (cut_off_)
        finish(number, -EIO);
    else if (is_of_disk(o.code))
        start_on_disk(number, o);
    else if (o.code == op_code::connect)
        start_connect(number, o);
    else
        start_on_socket(number, o);
}

void sim_backend::start_connect(std::uint64_t number, op& o) {
    if (o.peer.kind == endpoint::family::none || !has_free_descriptor()) {
        finish(number, o.peer.kind == endpoint::family::none ? -EDESTADDRREQ : -EMFILE);
        return;
    }
    pending_[number].attempt = world_.net().connect(host_, o.peer, [this, number](int error, std::shared_ptr<stream> made) {
        if (error != 0) {
            finish(number, -error);
            return;
        }
        auto made_object = std::make_shared<object>();
        made_object->end = std::move(made);
        watch(made_object);
        finish(number, add(std::move(made_object)));
    });
}

void sim_backend::start_on_socket(std::uint64_t number, op& o) {
    const auto target = find(o.fd);
    const bool fits = target && (o.code == op_code::accept ? target->listens != nullptr : target->end != nullptr);
    if (!fits) {
        finish(number, misfit(o.code, target.get()));
        return;
    }
    pending_[number].target = target;
    ++target->held;
    switch (o.code) {
        case op_code::accept: target->accepters.push_back(number); break;
        case op_code::recv:
        case op_code::receive: target->receivers.push_back(number); break;
        default: target->senders.push_back(number);
    }
    pump(target);
}

std::int32_t sim_backend::misfit(op_code code, const object* o) {
    if (!o)
        return -EBADF;
    if (o->end)
        return -EINVAL;  // accept on a connection
    if (o->listens) {
        const bool reads = code == op_code::recv || code == op_code::receive;
        if (o->listens->bound.kind == endpoint::family::unix_path)
            return reads ? -EINVAL : -ENOTCONN;
        return reads ? -ENOTCONN : -EPIPE;
    }
    return -ENOTSOCK;
}

void sim_backend::watch(const std::shared_ptr<object>& o) {
    auto changed = [this, weak = std::weak_ptr<object>(o)] {
        if (const auto alive = weak.lock())
            pump(alive);
    };
    if (o->end)
        o->end->on_change = changed;
    if (o->listens)
        o->listens->on_change = changed;
}

// Serves what waits, in order, as far as the socket allows. It may be called from inside a socket's call: results are taken
// before anything else is told.
void sim_backend::pump(const std::shared_ptr<object>& target) {
    object& o = *target;
    if (o.listens)
        pump_accepts(o);
    while (!o.receivers.empty()) {
        const std::uint64_t number = o.receivers.front();
        op& receive = *pending_.at(number).what;
        const std::int32_t n = read_stream(*o.end, receive);
        if (n == -EAGAIN)
            break;
        o.receivers.pop_front();
        finish(number, n);
    }
    while (!o.senders.empty()) {
        const std::uint64_t number = o.senders.front();
        const op& send = *pending_.at(number).what;
        const byte_view whole[] = {buffer_of(send, send.length)};
        const std::int32_t n = send.code == op_code::sendv ? o.end->send(*send.parts) : o.end->send(whole);
        if (n == -EAGAIN)
            break;
        o.senders.pop_front();
        finish(number, n);
    }
}

// A buffer is lent when there is something to put into it.
std::int32_t sim_backend::read_stream(stream& end, op& o) {
    if (o.code == op_code::recv)
        return end.recv({static_cast<std::uint8_t*>(o.buffer), o.length});
    end.is_read_ahead = true;
    if (!spare_)
        spare_ = std::make_unique<std::uint8_t[]>(lent_bytes);
    const std::int32_t n = end.recv({spare_.get(), lent_bytes});
    if (n > 0) {
        o.buffer = spare_.get();
        lent_.emplace(o.buffer, std::move(spare_));
    }
    return n;
}

void sim_backend::give_back(void* buffer) {
    auto there = lent_.extract(buffer);
    CHECK(!there.empty());
    spare_ = std::move(there.mapped());
}

void sim_backend::pump_accepts(object& o) {
    while (!o.accepters.empty()) {
        const std::uint64_t number = o.accepters.front();
        std::int32_t result;
        if (!o.listens->is_open) {
            result = -EINVAL;
        } else if (!has_free_descriptor()) {
            result = -EMFILE;
        } else if (o.listens->ready.empty()) {
            return;
        } else {
            result = take_accepted(*o.listens, pending_.at(number).what->peer);
        }
        o.accepters.pop_front();
        finish(number, result);
    }
}

std::int32_t sim_backend::take_accepted(listener& from, endpoint& peer) {
    const auto made = std::make_shared<object>();
    made->end = std::move(from.ready.front());
    from.ready.pop_front();
    if (made->end->is_reset()) {
        release(*made);
        return -ECONNABORTED;
    }
    watch(made);
    peer = made->end->remote();
    return add(made);
}

void sim_backend::finish(std::uint64_t number, std::int32_t result) {
    const duration soon(1000 + static_cast<std::int64_t>(timing_.below(4000)));
    finish_at(number, result, world_.now() + soon);
}

void sim_backend::finish_at(std::uint64_t number, std::int32_t result, instant when) {
    pending& p = pending_.at(number);
    CHECK(p.at == phase::waiting);
    p.at = phase::done;
    p.what->result = result;
    p.next = world_.events().plan(when, [this, number] { done_.push_back(number); });
    let_go(p);
}

void sim_backend::let_go(pending& p) {
    const auto target = std::exchange(p.target, nullptr);
    if (target && --target->held == 0 && target->closed)
        release(*target);
}

void sim_backend::cancel(op& o) {
    if (!o.in_flight)
        return;
    const std::uint64_t number = number_of(o);
    note("cancel", {static_cast<std::int64_t>(number)});
    pending& p = pending_.at(number);
    o.cancelled = true;
    if (p.at == phase::done)
        return;  // too late: it ends as it did
    if (is_of_disk(o.code)) {
        if (timing_.below(2) == 0)
            return;  // it is with the device already
        world_.events().cancel(p.next);
    } else if (o.code == op_code::connect) {
        world_.net().cancel_connect(p.attempt);
    } else {
        for (auto* waiting : {&p.target->receivers, &p.target->senders, &p.target->accepters})
            std::erase(*waiting, number);
    }
    finish(number, -ECANCELED);
}

void sim_backend::turn(instant deadline) {
    if (!has_news() && deadline > world_.now())
        world_.block(*this, deadline);
    woken_ = false;
    for (const std::uint64_t number : std::exchange(done_, {})) {
        auto node = pending_.extract(number);
        op& o = *node.mapped().what;
        note("complete", {static_cast<std::int64_t>(number), o.result}, moved(o));
        if (o.code == op_code::sendv)
            note_parts(o);
        o.in_flight = false;
        ++counts_.completed;
        o.complete(o);
    }
}

void sim_backend::note_parts(const op& o) {
    auto left = static_cast<std::size_t>(std::max(o.result, 0));
    for (byte_view part : *o.parts) {
        const std::size_t some = std::min(left, part.size());
        if (some > 0)
            note("part", {}, part.first(some));
        left -= some;
    }
}

// ---- descriptors ----

std::shared_ptr<sim_backend::object> sim_backend::find(descriptor fd) const {
    const auto there = open_.find(fd);
    return there == open_.end() ? nullptr : there->second;
}

descriptor sim_backend::add(std::shared_ptr<object> o) {
    open_.emplace(++last_descriptor_, std::move(o));
    return last_descriptor_;
}

bool sim_backend::has_free_descriptor() const { return host_.open_descriptors() < host_.descriptor_limit(); }

void sim_backend::release(object& o) {
    if (o.end)
        o.end->release();
    if (o.listens) {
        o.listens->on_change = nullptr;
        world_.net().close(*o.listens);
    }
}

result<backend::listening> sim_backend::listen(const endpoint& at, int backlog) {
    const std::string doing = "listen on " + to_string(at);
    note("listen", {at.port}, view(doing));
    if (cut_off_)
        return failure(EIO, doing);
    if (!has_free_descriptor())
        return failure(EMFILE, doing);
    auto o = std::make_shared<object>();
    if (const int problem = world_.net().listen(host_, at, backlog, o->listens))
        return failure(-problem, doing);
    watch(o);
    const endpoint bound = o->listens->bound;
    const descriptor fd = add(std::move(o));
    note("listening", {fd, bound.port});
    return listening{fd, bound};
}

void sim_backend::shutdown(descriptor fd) {
    note("shutdown", {fd});
    const auto o = find(fd);
    if (o && o->end)
        o->end->shutdown();
    if (o && o->listens)
        world_.net().shut(*o->listens);
}

void sim_backend::shutdown_send(descriptor fd) {
    note("shutdown_send", {fd});
    if (const auto o = find(fd); o && o->end)
        o->end->shutdown_send();
}

void sim_backend::close(descriptor fd) {
    note("close", {fd});
    const auto node = open_.extract(fd);
    if (node.empty())
        return;
    object& o = *node.mapped();
    o.closed = true;
    if (o.listens)
        world_.net().close(*o.listens);  // accepts that wait end
    if (o.held == 0)
        release(o);
}

result<endpoint> sim_backend::local_endpoint(descriptor fd) {
    const auto o = find(fd);
    note("local_endpoint", {fd, o != nullptr});
    if (o && o->end)
        return o->end->local();
    if (o && o->listens)
        return o->listens->bound;
    return failure(o ? ENOTSOCK : EBADF, "getsockname");
}

instant sim_backend::now() { return world_.now(); }
timestamp sim_backend::wall_clock() { return world_.wall_clock() + host_.wall_offset(); }

// ---- the end of a process ----

void sim_backend::cut_off(bool power_lost) {
    CHECK(!cut_off_);
    cut_off_ = true;
    note("cut_off", {power_lost});
    for (auto& [number, p] : pending_) {
        if (p.at == phase::done)
            continue;
        if (is_of_disk(p.what->code)) {
            world_.events().cancel(p.next);
            if (!power_lost)
                half_write(p);
        }
        if (p.attempt != 0)
            world_.net().cancel_connect(p.attempt);
        if (const auto held = std::exchange(p.target, nullptr); held && held->closed && !power_lost)
            release(*held);  // its descriptor went before; its operation goes now
        finish(number, -EIO);
    }
    for (const auto& [fd, o] : std::exchange(open_, {})) {
        for (auto* waiting : {&o->receivers, &o->senders, &o->accepters})
            waiting->clear();
        if (power_lost && o->end)
            o->end->on_change = nullptr;
        else if (power_lost && o->listens)
            o->listens->on_change = nullptr;
        else
            release(*o);
    }
}

}  // namespace tetrad::runtime::sim
