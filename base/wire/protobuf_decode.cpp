// SPDX-License-Identifier: Apache-2.0
#include "base/wire/protobuf_decode.hpp"

namespace tetrad::wire::detail {

// Skips a field that is not in the schema. Groups (3, 4) are obsolete but valid, and gogoproto skips them, nested.
bool reader::skip(std::uint32_t type, int depth) {
    std::uint64_t ignored = 0;
    byte_view body;
    switch (type) {
        case 0: return uvarint(ignored);
        case 1: return take(8, body);
        case 2: return delimited(body);
        case 5: return take(4, body);
        case 3:
            if (depth >= depth_max)
                return false;
            for (;;) {
                std::uint64_t key = 0;
                if (!uvarint(key) || key >> 3 == 0)
                    return false;
                if ((key & 7) == 4)
                    return true;
                if (!skip(static_cast<std::uint32_t>(key & 7), depth + 1))
                    return false;
            }
        default: return false;
    }
}

}  // namespace tetrad::wire::detail
