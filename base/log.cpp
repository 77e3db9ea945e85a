// SPDX-License-Identifier: Apache-2.0
// Records, their two layouts, and the sink in memory. The log thread is in log_thread.cpp.
#include "base/log.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.hpp"
#include "base/wire/json_text.hpp"

namespace tetrad {

namespace {

constexpr std::string_view ellipsis = "...";
constexpr std::size_t field_head = 3;          // size of the key; size of the value, with the top bit for `bare`
constexpr std::uint16_t bare_bit = 0x8000;

std::string_view level_name(log_level l) {
    constexpr std::string_view names[] = {"debug", "info", "error", "none"};
    return names[static_cast<std::size_t>(l)];
}

std::optional<log_level> level_of_name(std::string_view name) {
    for (const auto l : {log_level::debug, log_level::info, log_level::error, log_level::none})
        if (level_name(l) == name)
            return l;
    return std::nullopt;
}

// logfmt: a value with a space, a quote, an equals sign or what does not print stands in quotes.
void append_logfmt(std::string& out, std::string_view value) {
    bool plain = value != "null";
    for (std::size_t i = 0; plain && i < value.size();) {
        const auto length = utf8_length(value.substr(i));
        plain = length > 0 && value[i] != '=' && value[i] != '"' && !(value[i] >= 0 && value[i] <= ' ') && value[i] != 0x7f;
        i += length;
    }
    if (plain)
        out += value;
    else
        out += quote(value);
}

// 2006-01-02|15:04:05.000
void append_time(std::string& out, timestamp t) {
    char text[rfc3339_max];
    put_rfc3339(text, timestamp{t.seconds, 0});
    text[10] = '|';
    out.append(text, 19);
    const int ms = std::clamp(t.nanos / 1'000'000, 0, 999);
    const char fraction[] = {'.', static_cast<char>('0' + ms / 100), static_cast<char>('0' + ms / 10 % 10), static_cast<char>('0' + ms % 10)};
    out.append(fraction, 4);
}

void render_plain(std::string& out, const log_record& r) {
    constexpr std::size_t message_width = 44;
    out += static_cast<char>(level_name(r.level)[0] - 32);
    out += '[';
    append_time(out, r.time);
    out += "] ";
    for (const char c : r.message())
        out += c >= 0 && c < ' ' ? ' ' : c;  // a line stays one line
    if (r.message_size < message_width)
        out.append(message_width - r.message_size, ' ');
    out += " module=";
    out += r.module();
    log_record::field f;
    for (std::size_t at = r.message_size; r.next(at, f);) {
        out += ' ';
        out += f.key;
        out += '=';
        append_logfmt(out, f.value);
    }
    if (r.left_out)
        out += " ...";
}

void render_json(std::string& out, const log_record& r) {
    json::writer w(out);
    w.begin_object();
    w.key("_msg");
    w.string(r.message());
    w.key("level");
    w.string(level_name(r.level));
    w.key("module");
    w.string(r.module());
    log_record::field f;
    for (std::size_t at = r.message_size; r.next(at, f);) {
        w.key(f.key);
        f.bare ? w.verbatim(f.value) : w.string(f.value);
    }
    if (r.left_out) {
        w.key("left_out");
        w.boolean(true);
    }
    w.key("ts");
    char text[rfc3339_max];
    w.string({text, put_rfc3339(text, r.time)});
    w.end_object();
}

}  // namespace

result<log_levels> log_levels::parse(std::string_view setting, log_level otherwise) {
    log_levels out;
    out.default_ = otherwise;
    if (setting.empty())
        return fail(errc::invalid, "empty log level");
    if (setting.find(':') == std::string_view::npos) {
        const auto level = level_of_name(setting);
        if (!level)
            return fail(errc::invalid, format("expected either \"info\", \"debug\", \"error\" or \"none\" level, given {}", setting));
        out.default_ = *level;
        return out;
    }
    for (const auto item : split(setting, ',')) {
        const auto pair = split(item, ':');
        if (pair.size() != 2)
            return fail(errc::invalid, format("expected list in a form of \"module:level\" pairs, given pair {}, list {}", item, setting));
        const auto level = level_of_name(pair[1]);
        if (!level)
            return fail(errc::invalid, format("expected either \"info\", \"debug\", \"error\" or \"none\" log level, given {} (pair {}, list {})",
                                              pair[1], item, setting));
        if (pair[0] == "*")
            out.default_ = *level;
        else
            out.modules_.emplace_back(pair[0], *level);
    }
    return out;
}

log_level log_levels::of(std::string_view module) const {
    for (auto it = modules_.rbegin(); it != modules_.rend(); ++it)  // the last one said wins
        if (it->first == module)
            return it->second;
    return default_;
}

result<log_format> parse_log_format(std::string_view name) {
    if (name == "plain")
        return log_format::plain;
    if (name == "json")
        return log_format::json;
    return fail(errc::invalid, "unknown log_format (must be 'plain' or 'json')");
}

log_record::log_record(const log_record& o) { *this = o; }

log_record& log_record::operator=(const log_record& o) {
    time = o.time;
    level = o.level;
    module_size = o.module_size;
    full = o.full;
    left_out = o.left_out;
    message_size = o.message_size;
    used = o.used;
    std::memcpy(module_name.data(), o.module_name.data(), module_size);
    std::memmove(body.data(), o.body.data(), used);
    return *this;
}

void log_record::start(std::string_view message) {
    const bool fits = message.size() <= message_max;
    const auto kept = fits ? message : message.substr(0, message_max - ellipsis.size());
    std::memcpy(body.data(), kept.data(), kept.size());
    if (!fits)
        std::memcpy(body.data() + kept.size(), ellipsis.data(), ellipsis.size());
    message_size = used = static_cast<std::uint16_t>(fits ? message.size() : message_max);
}

void log_record::add(std::string_view key, std::string_view value, bool bare) {
    constexpr std::size_t key_max = 64;
    key = key.substr(0, key_max);
    const std::size_t room = body_max - used, fixed_part = field_head + key.size();
    const bool fits = fixed_part + value.size() <= room;
    if (full || (!fits && (bare || fixed_part + ellipsis.size() > room))) {
        full = left_out = true;
        return;
    }
    const auto kept = fits ? value : value.substr(0, room - fixed_part - ellipsis.size());
    const auto size = static_cast<std::uint16_t>(kept.size() + (fits ? 0 : ellipsis.size()));
    const auto coded = static_cast<std::uint16_t>(size | (bare ? bare_bit : 0));
    auto put = [&](const void* from, std::size_t n) {
        if (n > 0)  // an empty text may point nowhere, which memcpy does not allow
            std::memcpy(body.data() + used, from, n);
        used = static_cast<std::uint16_t>(used + n);
    };
    const auto key_size = static_cast<std::uint8_t>(key.size());
    put(&key_size, 1);
    put(&coded, 2);
    put(key.data(), key.size());
    put(kept.data(), kept.size());
    if (!fits) {
        put(ellipsis.data(), ellipsis.size());
        full = true;
    }
}

namespace {
template <class T>
void add_number(log_record& r, std::string_view key, T v) {
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, v).ptr;
    r.add(key, {text, static_cast<std::size_t>(end - text)}, true);
}
}  // namespace

void log_record::add(std::string_view key, std::int64_t v) { add_number(*this, key, v); }
void log_record::add(std::string_view key, std::uint64_t v) { add_number(*this, key, v); }

void log_record::add(std::string_view key, double v) {
    if (v - v == 0)
        add_number(*this, key, v);
    else
        add(key, v != v ? "NaN" : v > 0 ? "+Inf" : "-Inf", false);  // no numbers in JSON
}

bool log_record::next(std::size_t& at, field& f) const {
    if (at >= used)
        return false;
    const auto key_size = static_cast<std::uint8_t>(body[at]);
    std::uint16_t coded;
    std::memcpy(&coded, body.data() + at + 1, 2);
    const std::size_t value_size = coded & ~bare_bit;
    f.bare = coded & bare_bit;
    f.key = {body.data() + at + field_head, key_size};
    f.value = {f.key.data() + key_size, value_size};
    at += field_head + key_size + value_size;
    return true;
}

void render(std::string& out, const log_record& r, log_format form) {
    form == log_format::plain ? render_plain(out, r) : render_json(out, r);
}

logger::logger(log_sink& sink, std::string_view module) : sink_(&sink), level_(sink.level_of(module)) {
    size_ = static_cast<std::uint8_t>(std::min(module.size(), name_.size()));
    std::memcpy(name_.data(), module.data(), size_);
}

logger logger::module(std::string_view name) const { return sink_ ? logger(*sink_, name) : logger(); }

void logger::add_bytes(log_record& r, std::string_view key, byte_view b) {
    char text[2 * log_record::body_max];
    const auto shown = b.first(std::min(b.size(), log_record::body_max));
    put_hex(text, shown, true);
    r.add(key, {text, 2 * shown.size()}, false);
}

void logger::send(log_record& r, log_level l) const {
    r.time = sink_->now();
    r.level = l;
    r.module_size = size_;
    std::memcpy(r.module_name.data(), name_.data(), size_);
    sink_->write(r);
}

memory_log::memory_log(clock now, log_levels levels, log_format format, std::size_t lines_max)
    : now_(std::move(now)), levels_(std::move(levels)), format_(format), lines_max_(lines_max) {}

timestamp memory_log::now() { return now_ ? now_() : timestamp{}; }

void memory_log::write(const log_record& r) {
    if (lines_.size() >= lines_max_)
        lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>((lines_.size() + 1) / 2));
    render(lines_.emplace_back(), r, format_);
}

log_level memory_log::level_of(std::string_view module) const { return levels_.of(module); }

bool memory_log::contains(std::string_view text) const {
    return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& l) { return l.find(text) != std::string::npos; });
}

}  // namespace tetrad
