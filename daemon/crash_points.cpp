// SPDX-License-Identifier: Apache-2.0
#include "daemon/crash_points.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "chain/messages.hpp"
#include "consensus/engine/records.hpp"
#include "consensus/privval/guard.hpp"
#include "storage/wal_format.hpp"

namespace tetrad::daemon {

namespace engine = consensus::engine;
namespace messages = chain::messages;
using runtime::disk_step;
using runtime::op_code;

namespace {

constexpr std::string_view other = "other";

// `start`: nothing was written in this process yet.
constexpr std::string_view steps[] = {"start",     "new_height",     "new_round",
                                      "propose",   "prevote",        "prevote_wait",
                                      "precommit", "precommit_wait", "commit"};
constexpr std::string_view operations_of_wal[] = {
    "write_inputs", "sync_inputs",    "write_own",      "sync_own", "write_end", "sync_end",
    "truncate",     "make_directory", "sync_directory", "rename",   "remove"};
constexpr std::string_view operations_of_record[] = {"write", "sync", "rename", "sync_directory",
                                                     "remove"};

std::string_view plain_operation(const disk_step& s) {
    switch (s.code) {
        case op_code::write: return "write";
        case op_code::sync: return s.of_directory ? "sync_directory" : "sync";
        case op_code::rename: return "rename";
        case op_code::unlink: return "remove";
        case op_code::make_dir: return "make_directory";
        case op_code::truncate: return "truncate";
        case op_code::allocate: return "allocate";
        default: UNREACHABLE();
    }
}

std::string_view directory_of(std::string_view path) { return path.substr(0, path.rfind('/')); }

bool is_table(std::string_view name) {
    for (std::size_t i = 0; i < storage::tables; ++i)
        if (name == storage::name(static_cast<storage::table>(i)))
            return true;
    return false;
}
bool is_known(std::string_view name) {
    const auto words = split(name, '.');
    if (words.size() != 3)
        return is_table(name);
    const auto has = [](const auto& list, std::string_view word) {
        return std::ranges::find(list, word) != std::end(list);
    };
    return has(steps, words[1]) && ((words[0] == "wal" && has(operations_of_wal, words[2])) ||
                                    (words[0] == "record" && has(operations_of_record, words[2])));
}

std::string all_points() {
    std::string tables;
    for (std::size_t i = 0; i < storage::tables; ++i)
        tables += std::string(storage::name(static_cast<storage::table>(i))) + ", ";
    return format(
        "a point is one of {}wal.STEP.OPERATION or record.STEP.OPERATION, where STEP is one of {}; "
        "OPERATION on wal is one of {}; on record one of {}",
        tables, join(steps, ", "), join(operations_of_wal, ", "), join(operations_of_record, ", "));
}

std::string_view step_of(consensus::privval::sign_step s) {
    using consensus::privval::sign_step;
    switch (s) {
        case sign_step::proposal: return "propose";
        case sign_step::prevote: return "prevote";
        case sign_step::precommit: return "precommit";
        default: return "start";
    }
}

std::string_view step_of(std::string_view wal_name) {
    for (int s = 1; s <= 8; ++s)
        if (wal_name == engine::wal_name(static_cast<consensus::core::step_t>(s)))
            return steps[s];
    return "start";
}

void die(std::string_view) { (void)std::raise(SIGKILL); }
void say(std::string_view name) {
    const std::string line = "crash point " + std::string(name) + "\n";
    (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

result<crash_point> parse_crash_point(std::string_view given) {
    if (given == "list")
        return crash_point{};
    const auto bad = [&] {
        return fail(errc::invalid,
                    format("TETRAD_CRASH_POINT: {} is not list, POINT.before:COUNT, "
                           "POINT.after:COUNT, POINT.before@HEIGHT or POINT.after@HEIGHT; {}",
                           quote(given), all_points()));
    };
    const auto mark = given.find_first_of(":@");
    const auto dot = given.substr(0, mark).rfind('.');
    if (mark == given.npos || dot == given.npos)
        return bad();
    crash_point p;
    p.name = given.substr(0, dot);
    const auto when = given.substr(dot + 1, mark - dot - 1);
    const auto number = parse_decimal<std::uint64_t>(given.substr(mark + 1));
    if (!is_known(p.name) || (when != "before" && when != "after") || !number || *number == 0)
        return bad();
    p.after = when == "after";
    if (given[mark] == ':')
        p.count = *number;
    else
        p.height = height_t(static_cast<std::int64_t>(*number));
    return p;
}

crash_points::crash_points(crash_point at, files where,
                           std::function<void(std::string_view)> reached)
    : at_(std::move(at)), where_(std::move(where)), reached_(std::move(reached)) {}
crash_points::crash_points(crash_point at, files where)
    : crash_points(at, std::move(where), at.name.empty() ? say : die) {}

runtime::disk_watch crash_points::watch_files() {
    return [this](const disk_step& s) { return take(name_of(s)); };
}

storage::kv_watch crash_points::watch_store() {
    return [this](const storage::batch& b) {
        // A batch over several tables is each table's; listed, it is the first one's.
        for (const auto& c : b.changes())
            if (at_.name.empty() || storage::name(c.in) == at_.name)
                return take(storage::name(c.in));
        return std::function<void()>();
    };
}

std::function<void()> crash_points::take(std::string_view name) {
    if (at_.name.empty()) {
        reached_(name);
        return {};
    }
    if (name != at_.name)
        return {};
    const bool now =
        at_.height ? height_.load() >= at_.height->v && ++seen_ == 1 : ++seen_ == at_.count;
    if (!now)
        return {};
    if (at_.after)
        return [this] { reached_(at_.name); };
    reached_(at_.name);
    return {};
}

// ---- names ----

std::string crash_points::name_of(const disk_step& s) {
    if (s.path == where_.wal || s.path.starts_with(where_.wal + ".") ||
        s.path == directory_of(where_.wal)) {
        const auto operation = wal_operation(s);
        return format("wal.{}.{}", step_, operation);
    }
    if (s.path.starts_with(where_.record) || s.path == directory_of(where_.record)) {
        if (s.code == op_code::write)
            read_record(s.data);
        return format("record.{}.{}", step_, plain_operation(s));
    }
    return std::string(other);
}

std::string_view crash_points::wal_operation(const disk_step& s) {
    constexpr std::string_view writes[] = {"write_inputs", "write_own", "write_end"};
    constexpr std::string_view syncs[] = {"sync_inputs", "sync_own", "sync_end"};
    if (s.code == op_code::write) {
        read_wal(s.data);
        unsynced_ = std::max(unsynced_, written_);
        return writes[static_cast<std::size_t>(written_)];
    }
    if (s.code == op_code::sync && !s.of_directory)
        return syncs[static_cast<std::size_t>(std::exchange(unsynced_, content::inputs))];
    return plain_operation(s);
}

void crash_points::read_wal(byte_view records) {
    written_ = content::inputs;
    while (true) {
        const auto next = storage::next_wal_record(records);
        if (next.found != storage::wal_found::record)
            return;
        records = records.subspan(next.size);
        const auto read = engine::decode_wal(slice(to_bytes(next.payload)));
        if (!read || !read->entry)
            continue;
        if (const auto* s = std::get_if<engine::wal_step>(&read->entry->what)) {
            step_ = step_of(s->step);
            height_ = s->height.v;
        } else if (const auto* e = std::get_if<engine::wal_end_height>(&read->entry->what)) {
            written_ = content::end;
            step_ = e->height.v == 0 ? "start" : "commit";
        } else if (const auto* m = std::get_if<engine::wal_message>(&read->entry->what);
                   m && m->from.empty()) {
            written_ = std::max(written_, content::own);
            read_own(m->message);
        }
    }
}

void crash_points::read_own(const slice& message) {
    const auto opened = messages::decode_consensus(message);
    if (!opened)
        return;
    if (const auto* v = std::get_if<messages::vote_message>(&opened->what); v && v->vote)
        step_ = v->vote->type == chain::vote_type::prevote ? "prevote" : "precommit";
    else
        step_ = "propose";
}

void crash_points::read_record(byte_view json) {
    const auto read = json::from_json<consensus::privval::sign_record>(text(json));
    if (!read)
        return;
    step_ = step_of(static_cast<consensus::privval::sign_step>(read->step));
    height_ = read->height;
}

}  // namespace tetrad::daemon
