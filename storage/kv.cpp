// SPDX-License-Identifier: Apache-2.0
#include "storage/kv.hpp"

#include "base/text.hpp"

namespace tetrad::storage {

std::string_view name(table t) {
    switch (t) {
        case table::blocks: return "blocks";
        case table::states: return "states";
        case table::index: return "index";
        case table::app: return "app";
    }
    UNREACHABLE();
}

key_range key_range::prefix(byte_view prefix) {
    key_range r{to_bytes(prefix), to_bytes(prefix)};
    while (!r.end.empty() && r.end.back() == 0xff)  // the first key after all of them: carry over trailing 0xff
        r.end.pop_back();
    if (!r.end.empty())
        ++r.end.back();
    return r;
}

result<void> batch::check() const {
    if (size_ > batch_size_max)
        return fail(errc::too_large, format("batch of {} bytes, at most {}", size_, batch_size_max));
    for (const change& c : changes_) {
        if (c.key.size() > key_size_max || c.end.size() > key_size_max)
            return fail(errc::too_large, format("key of {} bytes in {}, at most {}", std::max(c.key.size(), c.end.size()),
                                                name(c.in), key_size_max));
        if (c.value.size() > value_size_max)
            return fail(errc::too_large,
                        format("value of {} bytes in {}, at most {}", c.value.size(), name(c.in), value_size_max));
    }
    return {};
}

}  // namespace tetrad::storage
