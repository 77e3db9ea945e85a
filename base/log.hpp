// SPDX-License-Identifier: Apache-2.0
// The log. A `logger` (cheap to copy: where to write, a module's name, its level) makes a bounded record of each line on the
// caller's stack and gives it to a `log_sink`. There are two kinds of sink: `log_thread::port` puts the record into the ring of
// its thread, from which the one log thread writes it through spdlog; `memory_log` keeps lines for tests and the simulator.
// Nobody waits for the disk: a full ring drops the record and counts it, and the count is logged.
//
//     log.info("executed block", "height", h, "txs", n);
//
// A sink belongs to one thread (that of its shard), which also gives it the time.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"

namespace tetrad {

enum class log_level : std::uint8_t { debug, info, error, none };
enum class log_format : std::uint8_t { plain, json };

/// CometBFT's log_level setting: "info", or "consensus:debug,p2p:none,*:error" (what "*" does not name is `otherwise`).
class log_levels {
public:
    log_levels() = default;
    static result<log_levels> parse(std::string_view setting, log_level otherwise = log_level::info);
    log_level of(std::string_view module) const;

private:
    log_level default_ = log_level::info;
    std::vector<std::pair<std::string, log_level>> modules_;
};

result<log_format> parse_log_format(std::string_view);  // "plain" or "json"

/// One line before it is laid out: the message and its fields packed into `body`. A value that does not fit ends in "...", and
/// fields that do not fit at all are left out, which the line shows too.
struct log_record {
    static constexpr std::size_t body_max = 512;
    static constexpr std::size_t message_max = 256;
    static constexpr std::size_t module_max = 23;

    timestamp time;
    log_level level = log_level::info;
    std::uint8_t module_size = 0;
    bool full = false;           // a value was cut: nothing more is taken
    bool left_out = false;       // a field did not fit
    std::uint16_t message_size = 0;
    std::uint16_t used = 0;      // of body
    std::array<char, module_max> module_name;
    std::array<char, body_max> body;

    log_record() {}  // the arrays are not cleared: only what is used is read

    std::string_view module() const { return {module_name.data(), module_size}; }
    std::string_view message() const { return {body.data(), message_size}; }

    log_record(const log_record&);
    log_record& operator=(const log_record&);

    void start(std::string_view message);
    /// `bare` values are numbers, true and false: they stand without quotes in JSON.
    void add(std::string_view key, std::string_view value, bool bare);
    void add(std::string_view key, std::int64_t);
    void add(std::string_view key, std::uint64_t);
    void add(std::string_view key, double);

    struct field {
        std::string_view key, value;
        bool bare;
    };
    /// Takes the next field off `at`, which starts at message_size; false at the end.
    bool next(std::size_t& at, field&) const;
};

/// `I[2024-01-02|03:04:05.000] Executed block    module=state height=5` as CometBFT lays it out (time in UTC), or one JSON
/// object. Appends, without a line end.
void render(std::string& out, const log_record&, log_format);

class log_sink {
public:
    virtual ~log_sink() = default;
    virtual timestamp now() = 0;
    virtual void write(const log_record&) = 0;
    virtual log_level level_of(std::string_view module) const = 0;
};

class logger {
public:
    /// Writes nowhere.
    logger() = default;
    /// The sink outlives the logger. A module's name past log_record::module_max is cut.
    logger(log_sink&, std::string_view module);
    /// The same sink for another module.
    logger module(std::string_view) const;
    std::string_view module_name() const { return {name_.data(), size_}; }

    bool enabled(log_level l) const { return l >= level_ && l != log_level::none; }

    template <class... Fields>
    void debug(std::string_view message, const Fields&... keys_and_values) const {
        log(log_level::debug, message, keys_and_values...);
    }
    template <class... Fields>
    void info(std::string_view message, const Fields&... keys_and_values) const {
        log(log_level::info, message, keys_and_values...);
    }
    template <class... Fields>
    void error(std::string_view message, const Fields&... keys_and_values) const {
        log(log_level::error, message, keys_and_values...);
    }
    template <class... Fields>
    void log(log_level l, std::string_view message, const Fields&... keys_and_values) const {
        static_assert(sizeof...(Fields) % 2 == 0, "a key for each value");
        if (!enabled(l))
            return;
        log_record r;
        r.start(message);
        add_pairs(r, keys_and_values...);
        send(r, l);
    }

private:
    static void add_pairs(log_record&) {}
    template <class Value, class... Rest>
    static void add_pairs(log_record& r, std::string_view key, const Value& value, const Rest&... rest) {
        add(r, key, value);
        add_pairs(r, rest...);
    }

    /// Integers, bools, floats, text, bytes (upper-case hex), times, errors; anything else by a to_string() beside its type.
    template <class T>
    static void add(log_record& r, std::string_view key, const T& v) {
        if constexpr (std::is_same_v<T, bool>)
            r.add(key, v ? "true" : "false", true);
        else if constexpr (requires { typename T::rep; v.v; })
            add(r, key, v.v);
        else if constexpr (std::is_convertible_v<const T&, std::string_view>)
            r.add(key, std::string_view(v), false);
        else if constexpr (std::signed_integral<T>)
            r.add(key, std::int64_t{v});
        else if constexpr (std::unsigned_integral<T>)
            r.add(key, std::uint64_t{v});
        else if constexpr (std::is_floating_point_v<T>)
            r.add(key, static_cast<double>(v));
        else if constexpr (std::is_same_v<T, tetrad::error>)
            r.add(key, v.text, false);
        else if constexpr (std::is_same_v<T, timestamp>)
            r.add(key, to_rfc3339(v), false);
        else if constexpr (requires { std::chrono::duration_cast<duration>(v); })
            r.add(key, to_go_duration(std::chrono::duration_cast<duration>(v)), false);
        else if constexpr (std::is_convertible_v<const T&, byte_view>)
            add_bytes(r, key, v);
        else
            r.add(key, std::string_view(to_string(v)), false);
    }
    static void add_bytes(log_record&, std::string_view key, byte_view);
    void send(log_record&, log_level) const;

    log_sink* sink_ = nullptr;
    log_level level_ = log_level::none;
    std::uint8_t size_ = 0;
    std::array<char, log_record::module_max> name_{};
};

/// Keeps laid-out lines; past `lines_max` the oldest half goes. Tests and the simulator.
class memory_log final : public log_sink {
public:
    using clock = std::function<timestamp()>;
    explicit memory_log(clock now = {}, log_levels levels = {}, log_format format = log_format::plain,
                        std::size_t lines_max = 10'000);

    timestamp now() override;
    void write(const log_record&) override;
    log_level level_of(std::string_view module) const override;

    const std::vector<std::string>& lines() const { return lines_; }
    /// Whether a line holds the text.
    bool contains(std::string_view text) const;
    void clear() { lines_.clear(); }

private:
    clock now_;
    log_levels levels_;
    log_format format_;
    std::size_t lines_max_;
    std::vector<std::string> lines_;
};

/// The log thread. Made by the daemon: add a port for each thread that logs, start(), and stop() after those threads ended,
/// which writes what is left. Idle means asleep: a writer wakes it only when it sleeps.
class log_thread {
public:
    struct options {
        log_levels levels;
        log_format format = log_format::plain;
        std::string path;                  // appended to; empty: standard output
        std::size_t ring_records = 1024;   // of each port, some 600 bytes each
    };

    /// Error: the file cannot be opened.
    static result<std::unique_ptr<log_thread>> create(options);
    ~log_thread();  // stops
    log_thread(const log_thread&) = delete;
    log_thread& operator=(const log_thread&) = delete;

    /// Before start(). The clock is called on the thread that uses the port. Lives as long as the log_thread.
    log_sink& add_port(std::function<timestamp()> now);
    void start();
    void stop();
    /// Records that found their ring full, of all ports so far.
    std::uint64_t dropped() const;

private:
    class port;
    struct state;
    explicit log_thread(std::unique_ptr<state>);
    std::unique_ptr<state> state_;
};

}  // namespace tetrad
