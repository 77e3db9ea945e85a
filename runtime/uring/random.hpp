// SPDX-License-Identifier: Apache-2.0
// The kernel's random generator, a page at a time. Keys are made from it: what was given out is wiped from the buffer.
#pragma once

#include <array>

#include "base/random.hpp"

namespace tetrad::runtime {

class kernel_random final : public random_source {
public:
    ~kernel_random() override;
    void fill(byte_span out) override;

private:
    std::array<std::uint8_t, 512> buffer_{};
    std::size_t left_ = 0;  // unused bytes, at the buffer's end
};

}  // namespace tetrad::runtime
