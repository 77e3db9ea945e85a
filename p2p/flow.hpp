// SPDX-License-Identifier: Apache-2.0
// How much a direction of a connection carries: a limit (bytes per second, in samples of 100 ms) and the figures that net_info
// shows. Reads no clock: every call is told the time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/time.hpp"

namespace tetrad::p2p {

class flow_meter {
public:
    static constexpr duration sample_time = 100ms;
    static constexpr double window_seconds = 1.0;

    flow_meter(instant now, std::int64_t bytes_per_second_max)
        : limit_(bytes_per_second_max <= 0 ? 0 : std::max<std::int64_t>(whole(static_cast<double>(bytes_per_second_max) * 0.1), 1)),
          start_(now), last_(now), last_byte_(now) {}

    void add(instant now, std::int64_t bytes) {
        close_sample(now);
        sample_bytes_ += bytes;
        if (bytes > 0)
            last_byte_ = now;
    }
    /// Bytes that may pass now; 0 or less: wait until next().
    std::int64_t allowance(instant now) {
        close_sample(now);
        return limit_ <= 0 ? INT64_MAX : limit_ - sample_bytes_;
    }
    instant next() const { return last_ + sample_time; }

    struct figures {
        instant start;
        std::int64_t bytes, samples, rate, average_rate, current_rate, peak_rate;
        duration covered, idle;
    };
    figures read(instant now) {
        close_sample(now);
        const auto covered = last_ - start_;
        const double seconds = static_cast<double>(covered.count()) / 1e9;
        return {start_, bytes_, samples_, whole(rate_), seconds > 0 ? whole(static_cast<double>(bytes_) / seconds) : 0,
                whole(average_), whole(peak_), covered, now - last_byte_};
    }

private:
    static std::int64_t whole(double x) { return static_cast<std::int64_t>(std::llround(x)); }
    void close_sample(instant now) {
        const auto took = now - last_;
        if (took < sample_time)
            return;
        const double seconds = static_cast<double>(took.count()) / 1e9;
        rate_ = static_cast<double>(sample_bytes_) / seconds;
        peak_ = std::max(peak_, rate_);
        average_ = samples_ == 0 ? rate_ : rate_ + std::exp(-seconds / window_seconds) * (average_ - rate_);
        bytes_ += sample_bytes_;
        ++samples_;
        sample_bytes_ = 0;
        last_ = now;
    }

    std::int64_t limit_;               // bytes per sample, one at least; 0: none
    instant start_, last_, last_byte_;
    std::int64_t bytes_ = 0, samples_ = 0, sample_bytes_ = 0;
    double rate_ = 0, average_ = 0, peak_ = 0;
};

}  // namespace tetrad::p2p
