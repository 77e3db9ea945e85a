// SPDX-License-Identifier: Apache-2.0
// How much memory decoding may take, derived from the schema: what wire::decode_shared allocates at any moment while it reads
// `input` bytes, whatever they are, is at most decoded_bytes_max<M>(input). (Beside it: the text of an error.)
//
// A list allocates its elements. There are at most as many as its field allows, as the input has bytes for (two of a message or a
// text, one of a number), and as the budget of the whole decoding allows; while a vector grows the old and the new one are there,
// three times the elements at most. Text and bytes that are not slices are copied. All else lies in the message itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/wire/protobuf.hpp"

namespace tetrad::wire {
namespace detail {

struct decode_need {
    std::size_t elements = 0;  // bytes of all elements of lists
    bool copies = false;       // some bytes of the input are copied
};

constexpr decode_need both(decode_need a, decode_need b) {
    return {a.elements + b.elements, a.copies || b.copies};
}

template <message M>
constexpr decode_need need_of(std::size_t input, std::size_t times);

/// Of `times` values of type T that share `input` bytes.
template <class T>
constexpr decode_need need_of_value(std::size_t input, std::size_t times,
                                    std::size_t elements_max) {
    if constexpr (optional_message<T>) {
        return need_of_value<typename T::value_type>(input, times, elements_max);
    } else if constexpr (repeated<T>) {
        using element = typename T::value_type;
        const std::size_t fit = input / (scalar<element> ? 1 : 2);
        const std::size_t count =
            elements_max < fit / std::max<std::size_t>(times, 1) ? times * elements_max : fit;
        return both({count * sizeof(element), false},
                    need_of_value<element>(input, count, any_number));
    } else if constexpr (message<T>) {
        return need_of<T>(input, times);
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bytes>) {
        return {0, true};
    } else {
        return {};
    }
}

template <class Variant, std::size_t... I>
constexpr decode_need need_of_one_of(std::size_t input, std::size_t times,
                                     std::index_sequence<I...>) {
    decode_need most;  // only one of them is there
    const auto consider = [&](decode_need n) {
        most = {std::max(most.elements, n.elements), most.copies || n.copies};
    };
    (consider(need_of_value<std::variant_alternative_t<I + 1, Variant>>(input, times, any_number)),
     ...);
    return most;
}

template <message M>
constexpr decode_need need_of(std::size_t input, std::size_t times) {
    decode_need all;
    for_each_field<M>([&]<class Entry>(const Entry& entry) {
        using member = std::remove_cvref_t<decltype(std::declval<M&>().*entry.member)>;
        if constexpr (is_one_of<Entry>::value)
            all = both(all, need_of_one_of<member>(
                                input, times,
                                std::make_index_sequence<std::variant_size_v<member> - 1>{}));
        else if (entry.number != 0)
            all = both(all, need_of_value<member>(input, times, entry.elements_max));
    });
    return all;
}

}  // namespace detail

template <message M>
constexpr std::size_t decoded_bytes_max(std::size_t input) {
    const auto need = detail::need_of<M>(input, 1);
    const std::size_t budget = input * detail::budget_factor + detail::budget_floor;
    return 3 * std::min(need.elements, budget) + (need.copies ? 3 * input : 0);
}

}  // namespace tetrad::wire
