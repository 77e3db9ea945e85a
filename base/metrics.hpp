// SPDX-License-Identifier: Apache-2.0
// Metrics: what a shard counts, and the text that Prometheus reads of it.
//
// A `metrics` registry belongs to one shard. The shard's thread makes its series and is the only one that writes them; any other
// thread may read them at any time. A value is a relaxed atomic that its writer changes by a plain load and a plain store, so
// counting costs what it costs in an ordinary integer: no locked instruction, no lock, and no allocation once the series is made.
// Series are not read at one moment: a reader may see an event in one and not yet in another.
//
//     metrics mine;
//     counter sent = mine.add_counter({.name = "p2p_message_send_bytes_total", .help = "Bytes sent.", .labels = {{"channel", "32"}}});
//     sent.add(n);
//
// Series are made from names that this program knows, never from what a peer sends: one too many, one made twice, or one with a
// name that is none fails a CHECK.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace tetrad {

struct metric_label {
    std::string name, value;
    auto operator<=>(const metric_label&) const = default;
};

/// Times are counted in nanoseconds and written in the unit that the series' name says.
inline constexpr std::uint64_t ns_as_seconds = 1'000'000'000, ns_as_milliseconds = 1'000'000;

struct metric_info {
    std::string name;  // snake_case; the namespace in front of it is the exporter's
    std::string help;  // one sentence, the same wherever the name is
    std::vector<metric_label> labels{};  // in any order
    std::uint64_t per_unit = 1;  // values (and bounds) are divided by this when they are written
};

/// 64 bits with one writer.
class metric_cell {
public:
    std::uint64_t get() const { return bits_.load(std::memory_order_relaxed); }
    void set(std::uint64_t v) { bits_.store(v, std::memory_order_relaxed); }
    void add(std::uint64_t n) { set(get() + n); }

private:
    std::atomic<std::uint64_t> bits_{0};
};

inline std::uint64_t metric_value(duration d) {
    return static_cast<std::uint64_t>(std::max(d, duration{}).count());
}

// Counter, gauge and histogram are handles: they point into the registry that made them, which outlives them.

/// Only grows.
class counter {
public:
    void add(std::uint64_t n = 1) { cell_->add(n); }
    void add(duration d) { add(metric_value(d)); }
    std::uint64_t value() const { return cell_->get(); }

private:
    friend class metrics;
    explicit counter(metric_cell* cell) : cell_(cell) {}
    metric_cell* cell_;
};

/// What is so now.
class gauge {
public:
    void set(double v) { cell_->set(std::bit_cast<std::uint64_t>(v)); }
    void set(duration d) { set(static_cast<double>(d.count())); }
    void add(double v) { set(value() + v); }
    double value() const { return std::bit_cast<double>(cell_->get()); }

private:
    friend class metrics;
    explicit gauge(metric_cell* cell) : cell_(cell) {}
    metric_cell* cell_;
};

/// How many values lay at or below which bounds, and their sum. There is one kind: CometBFT's dashboards ask for bounds of their own,
/// and a search among two dozen `doubling` ones costs ten nanoseconds, so powers of two need no histogram apart.
class histogram {
public:
    static constexpr std::size_t bounds_max = 62;

    void observe(std::uint64_t v) {
        const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), v) - bounds_.begin();
        cells_[1 + bucket].add(1);
        cells_[0].add(v);
    }
    void observe(duration d) { observe(metric_value(d)); }
    std::uint64_t sum() const { return cells_[0].get(); }
    std::uint64_t count() const;

private:
    friend class metrics;
    histogram(metric_cell* cells, std::span<const std::uint64_t> bounds)
        : cells_(cells), bounds_(bounds) {}
    metric_cell* cells_;  // the sum, then one for each bound, then one for what lies above them all
    std::span<const std::uint64_t> bounds_;
};

/// first, 2 first, 4 first, ...: `count` bounds.
std::vector<std::uint64_t> doubling(std::uint64_t first, std::size_t count);

/// What the exporter adds to every series.
struct metrics_frame {
    std::string prefix = "cometbft_";
    std::vector<metric_label> labels{};
};

/// The series of one shard. Readers may come before the last series is made: they see those that are.
class metrics {
public:
    static constexpr std::size_t series_max_default = 512;

    explicit metrics(std::size_t series_max = series_max_default);
    metrics(const metrics&) = delete;
    metrics& operator=(const metrics&) = delete;
    ~metrics();

    [[nodiscard]] counter add_counter(metric_info);
    [[nodiscard]] gauge add_gauge(metric_info);
    /// Bounds grow; at most histogram::bounds_max of them.
    [[nodiscard]] histogram add_histogram(metric_info, std::vector<std::uint64_t> bounds);
    std::size_t size() const { return made_.load(std::memory_order_acquire); }

private:
    struct series;
    struct page;
    friend class metrics_writer;

    series& add(metric_info&&, int kind, std::vector<std::uint64_t> bounds, std::size_t cells);
    metric_cell* take(std::size_t cells);

    std::size_t series_max_;
    std::unique_ptr<series[]> series_;
    std::atomic<std::size_t> made_{0};
    std::vector<std::unique_ptr<page>> pages_;
    std::size_t taken_ = 0;  // of the last page
};

/// Appends all series of all registries in Prometheus' text format 0.0.4, ordered by name and labels. Series that are equal in name
/// and labels become one sample, their sum: a process with one registry would show the same. Shards are told apart where a series
/// says so by a label of its own (`shard`).
void write_text(std::string& out, std::span<const metrics* const> registries, const metrics_frame&);
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace tetrad
