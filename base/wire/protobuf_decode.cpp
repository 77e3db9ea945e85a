// SPDX-License-Identifier: Apache-2.0
#include "base/wire/protobuf_decode.hpp"

namespace tetrad::wire::detail {

// Skips a field that is not in the schema. Groups (3, 4) are obsolete but valid. As gogoproto does, of what stands in them only
// the nesting is looked at, and however deep it is: a block that other nodes accept must be accepted here.
bool reader::skip(std::uint32_t type) {
    for (std::size_t open = 0;;) {
        std::uint64_t value = 0;
        byte_view body;
        bool good = true;
        switch (type) {
            case 0: good = uvarint(value); break;
            case 1: good = take(8, body); break;
            case 2: good = delimited(body); break;
            case 3: ++open; break;
            case 4: good = open-- > 0; break;
            case 5: good = take(4, body); break;
            default: good = false;
        }
        if (!good || open == 0)
            return good;
        if (!uvarint(value))
            return false;
        type = static_cast<std::uint32_t>(value & 7);
    }
}

}  // namespace tetrad::wire::detail
