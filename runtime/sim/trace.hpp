// SPDX-License-Identifier: Apache-2.0
// A running hash over everything that backends were asked and answered. Two runs are the same where their hashes are; where they
// differ, the sink shows the first line that does.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

namespace tetrad::runtime::sim {

class trace {
public:
    std::uint64_t hash() const { return hash_; }
    void set_sink(std::function<void(std::string_view)> sink) { sink_ = std::move(sink); }

    /// `content` is hashed, not shown.
    void add(instant when, std::size_t host, std::uint64_t backend, std::string_view what,
             std::initializer_list<std::int64_t> numbers, byte_view content) {
        mix(static_cast<std::uint64_t>(when.ns));
        mix(host);
        mix(backend);
        mix(view(what));
        for (std::int64_t n : numbers)
            mix(static_cast<std::uint64_t>(n));
        mix(content);
        ++lines_;
        if (sink_)
            sink_(format("{} host {} backend {} {} {} content {:x} hash {:x}", when.ns, host, backend, what, fmt::join(numbers, " "),
                         content_hash(content), hash_));
    }
    std::uint64_t lines() const { return lines_; }

private:
    static std::uint64_t step(std::uint64_t h, std::uint64_t word) {
        h = (h ^ word) * 0x9fb21c651e98df25;
        return h ^ std::rotr(h, 29);
    }
    static std::uint64_t content_hash(byte_view b, std::uint64_t h = 0x2545f4914f6cdd1d) {
        h = step(h, b.size());
        while (b.size() >= 8) {
            std::uint64_t word;
            std::memcpy(&word, b.data(), 8);
            h = step(h, word);
            b = b.subspan(8);
        }
        std::uint64_t tail = 0;
        for (std::size_t i = 0; i < b.size(); ++i)
            tail |= static_cast<std::uint64_t>(b[i]) << (8 * i);
        return step(h, tail);
    }
    void mix(std::uint64_t word) { hash_ = step(hash_, word); }
    void mix(byte_view b) { hash_ = content_hash(b, hash_); }

    std::uint64_t hash_ = 0x6a09e667f3bcc908;
    std::uint64_t lines_ = 0;
    std::function<void(std::string_view)> sink_;
};

}  // namespace tetrad::runtime::sim
