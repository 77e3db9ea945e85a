// SPDX-License-Identifier: Apache-2.0
// Cells are taken from pages that begin on a cache line of their own, so no line has two writers; series made one after the other
// lie side by side. The table of series never moves: an entry is complete before `made_` counts it.
#include "base/metrics.hpp"

#include <cmath>
#include <functional>
#include <tuple>

#include "base/check.hpp"
#include "base/text.hpp"

namespace tetrad {
namespace {

enum kind : int { counter_kind, gauge_kind, histogram_kind };
constexpr std::string_view kind_names[] = {"counter", "gauge", "histogram"};

bool is_name(std::string_view text) {
    const auto may_stand = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
           std::all_of(text.begin(), text.end(), may_stand);
}

bool one_of_each(const std::vector<metric_label>& sorted) {
    const auto same_name = [](const metric_label& a, const metric_label& b) {
        return a.name == b.name;
    };
    return std::adjacent_find(sorted.begin(), sorted.end(), same_name) == sorted.end();
}

}  // namespace

struct metrics::series {
    metric_info info;  // labels in order
    int kind = counter_kind;
    std::vector<std::uint64_t> bounds;
    metric_cell* cells = nullptr;
};

struct alignas(64) metrics::page {
    std::array<metric_cell, histogram::bounds_max + 2> cells;
};

metrics::metrics(std::size_t series_max)
    : series_max_(series_max), series_(new series[series_max]) {}
metrics::~metrics() = default;

counter metrics::add_counter(metric_info info) {
    return counter(add(std::move(info), counter_kind, {}, 1).cells);
}

gauge metrics::add_gauge(metric_info info) {
    return gauge(add(std::move(info), gauge_kind, {}, 1).cells);
}

histogram metrics::add_histogram(metric_info info, std::vector<std::uint64_t> bounds) {
    const std::size_t cells = bounds.size() + 2;
    const series& made = add(std::move(info), histogram_kind, std::move(bounds), cells);
    return histogram(made.cells, made.bounds);
}

metrics::series& metrics::add(metric_info&& info, int kind, std::vector<std::uint64_t> bounds,
                              std::size_t cells) {
    const std::size_t at = made_.load(std::memory_order_relaxed);
    CHECK(at < series_max_);
    CHECK(is_name(info.name));
    CHECK(info.per_unit > 0);
    CHECK(bounds.size() <= histogram::bounds_max);
    CHECK(std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>{}) == bounds.end());
    std::sort(info.labels.begin(), info.labels.end());
    CHECK(one_of_each(info.labels));
    for (const auto& label : info.labels) {
        CHECK(is_name(label.name));
        CHECK(label.name != "le");
    }
    for (std::size_t i = 0; i < at; ++i)
        CHECK(series_[i].info.name != info.name || series_[i].info.labels != info.labels);

    series& made = series_[at];
    made.info = std::move(info);
    made.kind = kind;
    made.bounds = std::move(bounds);
    made.cells = take(cells);
    made_.store(at + 1, std::memory_order_release);
    return made;
}

metric_cell* metrics::take(std::size_t cells) {
    if (pages_.empty() || taken_ + cells > pages_.back()->cells.size()) {
        pages_.push_back(std::make_unique<page>());
        taken_ = 0;
    }
    metric_cell* const first = &pages_.back()->cells[taken_];
    taken_ += cells;
    return first;
}

std::uint64_t histogram::count() const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= bounds_.size(); ++i)
        total += cells_[1 + i].get();
    return total;
}

std::vector<std::uint64_t> doubling(std::uint64_t first, std::size_t count) {
    std::vector<std::uint64_t> out(count);
    for (std::size_t i = 0; i < count; ++i)
        out[i] = first << i;
    return out;
}

/// Writes series that are equal in name (told apart by labels) or in both (summed).
class metrics_writer {
public:
    metrics_writer(std::string& out, const metrics_frame& frame) : out_(out), frame_(frame) {}

    void write(std::span<const metrics* const> registries) {
        std::vector<const series*> all;
        for (const metrics* one : registries)
            for (std::size_t i = 0, made = one->size(); i < made; ++i)
                all.push_back(&one->series_[i]);
        std::sort(all.begin(), all.end(), [](const series* a, const series* b) {
            return std::tie(a->info.name, a->info.labels) < std::tie(b->info.name, b->info.labels);
        });
        const auto same_name = [](const series& a, const series& b) {
            return a.info.name == b.info.name;
        };
        each_run(all, same_name, [this](run of_a_name) { family(of_a_name); });
    }

private:
    using series = metrics::series;
    using run = std::span<const series* const>;

    template <class Same, class Act>
    static void each_run(run all, Same same, Act act) {
        while (!all.empty()) {
            std::size_t n = 1;
            while (n < all.size() && same(*all[0], *all[n]))
                ++n;
            act(all.first(n));
            all = all.subspan(n);
        }
    }

    void family(run all) {
        const series& first = *all[0];
        for (const series* one : all)
            CHECK(one->kind == first.kind && one->info.help == first.info.help &&
                  one->info.per_unit == first.info.per_unit);
        name(first, "# HELP ", " ");
        escape(first.info.help, /*in_quotes=*/false);
        name(first, "\n# TYPE ", " ");
        out_ += kind_names[first.kind];
        out_ += '\n';
        const auto same_labels = [](const series& a, const series& b) {
            return a.info.labels == b.info.labels;
        };
        each_run(all, same_labels, [this](run of_one_sample) { sample(of_one_sample); });
    }

    void sample(run equal) {
        const series& s = *equal[0];
        if (s.kind == histogram_kind)
            return buckets(equal);
        line(s, "", "");
        if (s.kind == counter_kind)
            return integer(sum(equal, 0), s);
        double total = 0;
        for (const series* one : equal)
            total += std::bit_cast<double>(one->cells[0].get());
        number(total / static_cast<double>(s.info.per_unit));
    }

    void buckets(run equal) {
        const series& s = *equal[0];
        for (const series* one : equal)
            CHECK(one->bounds == s.bounds);
        const std::uint64_t total = sum(equal, 0);
        std::uint64_t count =
            0;  // the count is the last bucket, whatever is being written meanwhile
        for (std::size_t i = 0; i <= s.bounds.size(); ++i) {
            count += sum(equal, 1 + i);
            line(s, "_bucket", i == s.bounds.size() ? "+Inf" : value_text(s.bounds[i], s));
            integer_line(count);
        }
        line(s, "_sum", "");
        integer(total, s);
        line(s, "_count", "");
        integer_line(count);
    }

    static std::uint64_t sum(run equal, std::size_t cell) {
        std::uint64_t total = 0;
        for (const series* one : equal)
            total += one->cells[cell].get();
        return total;
    }

    /// A sample's line up to its value.
    void line(const series& s, std::string_view suffix, std::string_view le) {
        name(s, "", suffix);
        auto labels = frame_.labels;
        labels.insert(labels.end(), s.info.labels.begin(), s.info.labels.end());
        std::sort(labels.begin(), labels.end());
        CHECK(one_of_each(labels));
        if (!le.empty())
            labels.push_back({"le", std::string(le)});
        for (std::size_t i = 0; i < labels.size(); ++i) {
            out_ += i == 0 ? '{' : ',';
            out_ += labels[i].name;
            out_ += "=\"";
            escape(labels[i].value, /*in_quotes=*/true);
            out_ += '"';
        }
        out_ += labels.empty() ? " " : "} ";
    }
    void name(const series& s, std::string_view before, std::string_view after) {
        out_.append(before).append(frame_.prefix).append(s.info.name).append(after);
    }
    void integer(std::uint64_t v, const series& s) { out_.append(value_text(v, s)).append("\n"); }
    void integer_line(std::uint64_t v) { out_ += format("{}\n", v); }
    void number(double v) {
        if (std::isfinite(v))
            out_ += format("{}\n", v);
        else
            out_ += std::isnan(v) ? "NaN\n" : v > 0 ? "+Inf\n" : "-Inf\n";
    }
    static std::string value_text(std::uint64_t v, const series& s) {
        if (s.info.per_unit == 1)
            return format("{}", v);
        return format("{}", static_cast<double>(v) / static_cast<double>(s.info.per_unit));
    }
    void escape(std::string_view text, bool in_quotes) {
        for (const char c : text) {
            if (c == '\\' || (c == '"' && in_quotes))
                out_ += '\\';
            if (c == '\n')
                out_ += "\\n";
            else
                out_ += c;
        }
    }

    std::string& out_;
    const metrics_frame& frame_;
};

void write_text(std::string& out, std::span<const metrics* const> registries,
                const metrics_frame& frame) {
    metrics_writer(out, frame).write(registries);
}

}  // namespace tetrad
