// SPDX-License-Identifier: Apache-2.0
#include "chain/results.hpp"

#include "base/wire/protobuf.hpp"

namespace tetrad::chain {

void results_hasher::add(const result_core& r) {
    scratch_.clear();
    wire::encode_to(scratch_, r);
    tree_.add(scratch_);
}

}  // namespace tetrad::chain
