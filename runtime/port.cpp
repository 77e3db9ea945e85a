// SPDX-License-Identifier: Apache-2.0
#include "runtime/port.hpp"

namespace tetrad::runtime {

// A letter goes there by one ring and comes back by the other; its credit is given back only then, so neither can overflow.
port_base::port_base(port_spec s, shard& client, shard& server) : spec(s), client_(client), server_(server) {
    CHECK(spec.depth > 0 && spec.handlers > 0);
    client_.open_ring(server_, spec.depth);
    server_.open_ring(client_, spec.depth);
}

}  // namespace tetrad::runtime
