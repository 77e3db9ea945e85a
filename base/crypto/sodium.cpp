// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/sodium.hpp"

#include "base/check.hpp"

#include <sodium.h>

namespace tetrad::crypto {

bool start_sodium() {
    CHECK(sodium_init() >= 0);
    return true;
}

}  // namespace tetrad::crypto
