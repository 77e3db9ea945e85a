// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/random.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string.h>

#include <sys/random.h>

namespace tetrad::runtime {

namespace {

void from_kernel(byte_span out) {
    while (!out.empty()) {
        const ssize_t n = ::getrandom(out.data(), out.size(), 0);
        CHECK(n > 0 || errno == EINTR);  // no other failure exists once the kernel has booted
        if (n > 0)
            out = out.subspan(static_cast<std::size_t>(n));
    }
}

}  // namespace

kernel_random::~kernel_random() { ::explicit_bzero(buffer_.data(), buffer_.size()); }

void kernel_random::fill(byte_span out) {
    if (out.size() > buffer_.size() / 2)
        return from_kernel(out);
    if (out.size() > left_) {
        from_kernel(buffer_);
        left_ = buffer_.size();
    }
    auto* const unused = buffer_.data() + (buffer_.size() - left_);
    std::memcpy(out.data(), unused, out.size());
    ::explicit_bzero(unused, out.size());
    left_ -= out.size();
}

}  // namespace tetrad::runtime
