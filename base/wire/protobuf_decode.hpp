// SPDX-License-Identifier: Apache-2.0
// The decoding half of base/wire/protobuf.hpp, which is what others include. Functions return false where the input is
// malformed or over a limit.
#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "base/wire/protobuf_encode.hpp"
#include "base/wire/schema.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::wire::detail {

/// What a decode may cost, and whose memory slices may share.
struct decode_state {
    const slice* owner = nullptr;  // slices decoded point into it; without it they copy
    std::int64_t budget = 0;       // bytes that decoded elements may still take
    int depth = 0;
};

constexpr int depth_max = 32;
constexpr std::int64_t budget_factor = 16;
constexpr std::int64_t budget_floor = 64 * 1024;

class reader {
public:
    explicit reader(byte_view b) : rest_(b) {}
    bool done() const { return rest_.empty(); }
    bool uvarint(std::uint64_t& value) {
        const auto used = get_uvarint_wrapping(rest_, value);
        rest_ = rest_.subspan(used);
        return used != 0;
    }
    bool take(std::size_t count, byte_view& out) {
        if (count > rest_.size())
            return false;
        out = rest_.first(count);
        rest_ = rest_.subspan(count);
        return true;
    }
    bool delimited(byte_view& out) {
        std::uint64_t length = 0;
        return uvarint(length) && length <= rest_.size() && take(length, out);
    }
    bool little64(std::uint64_t& value) {
        byte_view b;
        if (!take(8, b))
            return false;
        value = 0;
        for (int i = 0; i < 8; ++i)
            value |= static_cast<std::uint64_t>(b[i]) << (8 * i);
        return true;
    }
    bool skip(std::uint32_t type);

private:
    byte_view rest_;
};

template <message M>
bool read_body(byte_view body, M& m, decode_state& state);

template <class T>
bool read_body_of(byte_view body, T& value, decode_state& state) {
    if constexpr (std::is_same_v<T, timestamp>) {
        seconds_nanos parts;
        if (!read_body(body, parts, state))
            return false;
        value = timestamp{parts.seconds, parts.nanos};
        return value.is_encodable();
    } else if constexpr (std::is_same_v<T, duration>) {
        seconds_nanos parts;
        if (!read_body(body, parts, state) || parts.nanos <= -1'000'000'000 || parts.nanos >= 1'000'000'000 ||
            (parts.seconds < 0 && parts.nanos > 0) || (parts.seconds > 0 && parts.nanos < 0))
            return false;
        const auto ns = static_cast<__int128>(parts.seconds) * 1'000'000'000 + parts.nanos;
        value = duration(static_cast<std::int64_t>(ns));
        return value.count() == ns;
    } else if constexpr (message<T>) {
        return read_body(body, value, state);
    } else if constexpr (std::is_same_v<T, slice>) {
        state.budget -= state.owner ? 0 : static_cast<std::int64_t>(body.size());
        value = state.owner ? state.owner->share(body) : slice(to_bytes(body));
        return true;
    } else if constexpr (std::is_same_v<T, byte_view>) {  // borrowed: lives as long as the input
        value = body;
        return true;
    } else if constexpr (requires { value.assign(body); }) {  // inline_bytes: false where it does not fit
        return value.assign(body);
    } else if constexpr (requires { value.assign(body.begin(), body.end()); }) {
        value.assign(body.begin(), body.end());
        return true;
    } else {  // fixed<N>: all or nothing
        if (body.size() != T::size())
            return false;
        std::copy(body.begin(), body.end(), value.data.begin());
        return true;
    }
}

/// Takes room for one more element of a list that has `size`.
template <class Element>
bool one_more(std::size_t size, std::size_t elements_max, decode_state& state) {
    if (size >= elements_max)
        state.budget = -1;
    else
        state.budget -= sizeof(Element);
    return state.budget >= 0;
}

template <class T>
bool read_member(reader& in, std::uint32_t type, T& value, unsigned attributes, std::size_t elements_max, decode_state& state) {
    if constexpr (scalar<T>) {
        std::uint64_t raw = 0;
        if (attributes & sfixed64) {
            if (type != fixed64 || !in.little64(raw))
                return false;
        } else if (type != varint || !in.uvarint(raw)) {
            return false;
        }
        value = from_varint<T>(raw);
        return true;
    } else if constexpr (optional_message<T>) {
        if (!value)
            value.emplace();
        return read_member(in, type, *value, attributes, elements_max, state);
    } else if constexpr (repeated<T>) {
        using element = typename T::value_type;
        if constexpr (scalar<element>) {
            auto add = [&](std::uint64_t raw) {
                if (!one_more<element>(value.size(), elements_max, state))
                    return false;
                value.push_back(from_varint<element>(raw));
                return true;
            };
            std::uint64_t raw = 0;
            if (type == varint)
                return in.uvarint(raw) && add(raw);
            byte_view packed;
            if (type != delimited || !in.delimited(packed))
                return false;
            for (reader elements(packed); !elements.done();)
                if (!elements.uvarint(raw) || !add(raw))
                    return false;
            return true;
        } else {
            byte_view body;
            if (type != delimited || !in.delimited(body) || !one_more<element>(value.size(), elements_max, state))
                return false;
            value.emplace_back();
            return read_body_of(body, value.back(), state);
        }
    } else {
        byte_view body;
        return type == delimited && in.delimited(body) && read_body_of(body, value, state);
    }
}

template <message M, class E>
bool read_entry(const E& entry, std::uint32_t number, reader& in, std::uint32_t type, M& m, decode_state& state, bool& known) {
    if constexpr (is_one_of<E>::value) {
        bool good = true;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            auto try_one = [&]<std::size_t J>(std::integral_constant<std::size_t, J>) {
                if (entry.alternatives[J].number != number)
                    return false;
                known = true;
                good = read_member(in, type, (m.*entry.member).template emplace<J + 1>(), write_zero, any_number, state);
                return true;
            };
            (try_one(std::integral_constant<std::size_t, I>{}) || ...);
        }(std::make_index_sequence<std::tuple_size_v<decltype(entry.alternatives)>>{});
        return good;
    } else {
        if (entry.number == 0 || entry.number != number)
            return true;
        known = true;
        return read_member(in, type, m.*entry.member, entry.attributes, entry.elements_max, state);
    }
}

template <message M>
bool read_body(byte_view body, M& m, decode_state& state) {
    if (++state.depth > depth_max)
        return false;
    for (reader in(body); !in.done();) {
        std::uint64_t key = 0;
        if (!in.uvarint(key))
            return false;
        const auto number = static_cast<std::uint32_t>(key >> 3);
        const auto type = static_cast<std::uint32_t>(key & 7);
        if (number == 0 || static_cast<std::int32_t>(number) < 0)
            return false;
        bool known = false, good = true;
        for_each_field<M>([&](const auto& entry) {
            if (!known)
                good = read_entry(entry, number, in, type, m, state, known);
        });
        if (!good || (!known && !in.skip(type)))
            return false;
    }
    --state.depth;
    return true;
}

}  // namespace tetrad::wire::detail
