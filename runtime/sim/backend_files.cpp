// SPDX-License-Identifier: Apache-2.0
// The simulated backend's operations on files: how long they take, when they have their effect, and what it is. And names of hosts.
#include "runtime/sim/backend.hpp"

#include <algorithm>
#include <cerrno>

#include "base/check.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/world.hpp"

namespace tetrad::runtime::sim {

namespace {

constexpr std::size_t direct_unit = 4096;  // of memory, offsets and lengths past the page cache

bool fits_direct(const op& o) {
    return reinterpret_cast<std::uintptr_t>(o.buffer) % direct_unit == 0 && o.length % direct_unit == 0 && o.offset % direct_unit == 0;
}

}  // namespace

bool sim_backend::is_of_disk(op_code code) {
    switch (code) {
        case op_code::accept:
        case op_code::connect:
        case op_code::recv:
        case op_code::receive:
        case op_code::send:
        case op_code::sendv: return false;
        case op_code::open:
        case op_code::read:
        case op_code::write:
        case op_code::write_durable:
        case op_code::sync:
        case op_code::rename:
        case op_code::unlink:
        case op_code::make_dir:
        case op_code::allocate:
        case op_code::truncate: return true;
    }
    UNREACHABLE();
}

duration sim_backend::draw_time(op_code code) {
    const disk_plan& plan = host_.disk().plan();
    CHECK(plan.sync_time_min <= plan.sync_time_max);
    auto up_to = [this](duration d) { return duration(static_cast<std::int64_t>(timing_.below(static_cast<std::uint64_t>(d.count()) + 1))); };
    switch (code) {
        case op_code::sync: return plan.sync_time_min + up_to(plan.sync_time_max - plan.sync_time_min);
        case op_code::read:
        case op_code::write:
        case op_code::write_durable: return plan.transfer_time / 2 + up_to(plan.transfer_time);
        default: return plan.metadata_time / 2 + up_to(plan.metadata_time);
    }
}

void sim_backend::start_on_disk(std::uint64_t number, op& o) {
    pending& p = pending_[number];
    switch (o.code) {
        case op_code::read:
        case op_code::write:
        case op_code::write_durable:
        case op_code::sync:
        case op_code::allocate:
        case op_code::truncate: {
            const auto target = find(o.fd);
            if (!target || !target->file.node) {
                finish(number, target ? -EINVAL : -EBADF);
                return;
            }
            p.target = target;
            ++target->held;
            break;
        }
        default: CHECK(o.path);
    }
    const duration takes = draw_time(o.code);
    const auto until_effect = static_cast<std::int64_t>(timing_.below(static_cast<std::uint64_t>(takes.count()) + 1));
    p.due = world_.now() + takes;
    p.next = world_.events().plan(world_.now() + duration(until_effect), [this, number] { act_on_disk(number); });
}

void sim_backend::act_on_disk(std::uint64_t number) {
    pending& p = pending_.at(number);
    const std::int32_t result = perform(*p.what, p.target);
    const bool is_to_be_synced = p.what->code == op_code::write_durable && result >= 0 && static_cast<std::size_t>(result) == p.what->length;
    if (!is_to_be_synced) {
        finish_at(number, result, p.due);
        return;
    }
    p.written = result;
    const duration takes = draw_time(op_code::sync);
    const auto until_effect = static_cast<std::int64_t>(timing_.below(static_cast<std::uint64_t>(takes.count()) + 1));
    p.next = world_.events().plan(p.due + duration(until_effect), [this, number] { sync_written(number); });
    p.due = p.due + takes;
}

// The second half of a durable write, at a point after its first.
void sim_backend::sync_written(std::uint64_t number) {
    pending& p = pending_.at(number);
    const int failed = host_.disk().sync(p.target->file);
    finish_at(number, failed ? failed : p.written, p.due);
}

std::size_t sim_backend::draw_transfer(const op& o, const disk::opened& file) {
    const std::size_t unit = file.flags & open_flags::direct ? direct_unit : 1, units = o.length / unit;
    if (units > 1 && timing_.below(100) < host_.disk().plan().short_io_percent)
        return unit * (1 + timing_.below(units));
    return o.length;
}

std::int32_t sim_backend::perform(op& o, const std::shared_ptr<object>& target) {
    sim::disk& disk = host_.disk();
    auto* const data = static_cast<std::uint8_t*>(o.buffer);
    const bool transfers = o.code == op_code::read || o.code == op_code::write || o.code == op_code::write_durable;
    if (transfers && (target->file.flags & open_flags::direct) && !fits_direct(o))
        return -EINVAL;
    switch (o.code) {
        case op_code::open: {
            if (!has_free_descriptor())
                return -EMFILE;
            auto opened = std::make_shared<object>();
            if (const int problem = disk.open(o.path, o.flags, o.mode, opened->file))
                return problem;
            return add(std::move(opened));
        }
        case op_code::read: return disk.read(target->file, o.offset, {data, draw_transfer(o, target->file)});
        case op_code::write:
        case op_code::write_durable: return disk.write(target->file, o.offset, {data, draw_transfer(o, target->file)});
        case op_code::sync: return disk.sync(target->file);
        case op_code::rename: return disk.rename(o.path, o.path2);
        case op_code::unlink: return disk.unlink(o.path);
        case op_code::make_dir: return disk.make_dir(o.path, o.mode);
        case op_code::allocate: return disk.allocate(target->file, o.offset, o.length);
        case op_code::truncate: return disk.truncate(target->file, o.length);
        default: UNREACHABLE();
    }
}

// A process that is killed in the middle of a write may have written some of it.
void sim_backend::half_write(const pending& p) {
    const op& o = *p.what;
    const bool writes = o.code == op_code::write || (o.code == op_code::write_durable && p.written == 0);
    if (!writes || timing_.below(2) == 0)
        return;
    const std::size_t some = timing_.below(o.length + 1);
    host_.disk().write(p.target->file, o.offset, {static_cast<const std::uint8_t*>(o.buffer), some});
}

result<std::uint64_t> sim_backend::file_size(descriptor fd) {
    const auto o = find(fd);
    note("file_size", {fd, o && o->file.node ? static_cast<std::int64_t>(o->file.node->size()) : -1});
    if (!o || !o->file.node)
        return std::unexpected<error>(system_error(cut_off_ ? EIO : EBADF, "fstat"));
    return o->file.node->size();
}

result<std::vector<std::string>> sim_backend::list_directory(const std::string& path) {
    note("list_directory", {}, view(path));
    if (cut_off_)
        return std::unexpected<error>(system_error(EIO, "open directory " + path));
    return host_.disk().list_directory(path);
}

// ---- names of hosts ----

result<std::vector<endpoint>> sim_backend::resolve(const std::string& name, std::uint16_t port) {
    note("resolve", {port}, view(name));
    if (cut_off_)
        return std::unexpected<error>(system_error(EIO, "lookup " + name));
    const bool is_v6 = name.find(':') != std::string::npos;
    if (auto literal = parse_endpoint((is_v6 ? "[" + name + "]:" : name + ":") + std::to_string(port)))
        return std::vector<endpoint>{*literal};
    if (name == "localhost")
        return std::vector<endpoint>{host::loopback(port)};
    for (const auto& h : world_.hosts())
        if (h->name() == name)
            return std::vector<endpoint>{h->at(port)};
    return fail(errc::not_found, "lookup " + name + ": no such host");
}

}  // namespace tetrad::runtime::sim
