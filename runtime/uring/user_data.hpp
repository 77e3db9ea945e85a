// SPDX-License-Identifier: Apache-2.0
// What the kernel is told to give back with a completion: the address of the op or record it is for. Both are aligned to 8, so the
// lowest bits say which it is, and no address is 0 or 1.
#pragma once

#include <cstdint>

#include "runtime/backend.hpp"

namespace tetrad::runtime {

constexpr std::uint64_t data_of_cancel = 0, data_of_bell = 1;
constexpr std::uint64_t mark_of_multishot = 2, mark_of_sync = 4, marks = 7;

inline std::uint64_t data_of(const op& o) { return reinterpret_cast<std::uint64_t>(&o); }
/// The second half of a durable write.
inline std::uint64_t data_of_sync(const op& o) { return data_of(o) | mark_of_sync; }
template <class T>
T& from_data(std::uint64_t data) {
    return *reinterpret_cast<T*>(data & ~marks);
}

}  // namespace tetrad::runtime
