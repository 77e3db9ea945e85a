// SPDX-License-Identifier: Apache-2.0
#include "chain/text.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace tetrad::chain {

std::string time_text(timestamp t) {
    std::string out = to_rfc3339(t);
    out.pop_back();  // the Z
    out[out.find('T')] = ' ';
    return out + " +0000 UTC";
}

std::string fingerprint(byte_view b) {
    std::array<std::uint8_t, 6> first{};
    std::copy_n(b.begin(), std::min(b.size(), first.size()), first.begin());
    return to_hex_upper(first);
}

}  // namespace tetrad::chain
