// SPDX-License-Identifier: Apache-2.0
// Bytes: owned (`bytes`), borrowed (`byte_view`), of fixed length (`fixed<N>`), and shared (`slice`: a reference-counted part of
// a network buffer or an encoded message that several holders keep without copying; immutable once shared, so it may cross
// shards).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"

namespace tetrad {

using bytes = std::vector<std::uint8_t>;
using byte_view = std::span<const std::uint8_t>;
using byte_span = std::span<std::uint8_t>;

inline byte_view view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text(byte_view b) {
    return {reinterpret_cast<const char*>(b.data()), b.size()};
}
inline bytes to_bytes(byte_view b) { return bytes(b.begin(), b.end()); }
inline bytes to_bytes(std::string_view t) { return to_bytes(view(t)); }
inline bool equal(byte_view a, byte_view b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}
/// Lexicographic, as Go's bytes.Compare.
inline int compare(byte_view a, byte_view b) {
    const auto n = std::min(a.size(), b.size());
    const int c = n == 0 ? 0 : std::memcmp(a.data(), b.data(), n);
    return c != 0 ? c : (a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0);
}
inline void append(bytes& to, byte_view more) { to.insert(to.end(), more.begin(), more.end()); }

/// Exactly N bytes, zero by default. Ordered as bytes.
template <std::size_t N>
struct fixed {
    std::array<std::uint8_t, N> data{};

    static constexpr std::size_t size() { return N; }
    constexpr operator byte_view() const { return {data.data(), N}; }
    /// The caller has checked the length.
    static fixed from(byte_view b) {
        CHECK(b.size() == N);
        fixed f;
        std::memcpy(f.data.data(), b.data(), N);
        return f;
    }
    auto operator<=>(const fixed&) const = default;
};

using hash256 = fixed<32>;

/// Zero to Max bytes, stored in place: hashes, addresses and signatures, which are empty where they are absent. A longer value
/// cannot be held: decoders refuse it.
template <std::size_t Max>
class inline_bytes {
public:
    static_assert(Max < 256);
    constexpr inline_bytes() = default;
    /// The caller has checked that it fits.
    constexpr explicit inline_bytes(byte_view b) { CHECK(assign(b)); }
    template <std::size_t N>
    constexpr inline_bytes(const fixed<N>& f) requires(N <= Max) { assign(f); }

    /// False, and unchanged, where b is longer than Max.
    constexpr bool assign(byte_view b) {
        if (b.size() > Max)
            return false;
        std::copy(b.begin(), b.end(), data_.begin());
        std::fill(data_.begin() + b.size(), data_.end(), std::uint8_t{0});
        size_ = static_cast<std::uint8_t>(b.size());
        return true;
    }
    static constexpr std::size_t max_size() { return Max; }
    constexpr std::size_t size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr const std::uint8_t* data() const { return data_.data(); }
    constexpr operator byte_view() const { return {data_.data(), size_}; }
    constexpr bool operator==(const inline_bytes&) const = default;
    constexpr std::strong_ordering operator<=>(const inline_bytes& o) const {
        return compare(*this, o) <=> 0;
    }

private:
    std::array<std::uint8_t, Max> data_{};  // zero past size_, so that the default comparison is right
    std::uint8_t size_ = 0;
};

/// A view that shares ownership of the buffer behind it. Copying adds a reference (atomic: a slice may be held by several
/// shards); the bytes never change after the slice was made.
class slice {
public:
    slice() = default;
    explicit slice(bytes owned) {
        auto box = std::make_shared<const bytes>(std::move(owned));
        view_ = *box;
        owner_ = std::move(box);
    }
    slice(std::shared_ptr<const void> owner, byte_view v) : owner_(std::move(owner)), view_(v) {}

    operator byte_view() const { return view_; }
    byte_view view() const { return view_; }
    const std::uint8_t* data() const { return view_.data(); }
    std::size_t size() const { return view_.size(); }
    bool empty() const { return view_.empty(); }
    /// A part of this slice that shares its owner.
    slice sub(std::size_t offset, std::size_t count) const {
        return slice(owner_, view_.subspan(offset, count));
    }
    /// Wraps a part of this slice's own memory that a decoder found.
    slice share(byte_view inside) const { return slice(owner_, inside); }
    bool operator==(const slice& o) const { return equal(view_, o.view_); }

private:
    std::shared_ptr<const void> owner_;
    byte_view view_;
};

}  // namespace tetrad
