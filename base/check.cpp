// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

#include <execinfo.h>
#include <unistd.h>

namespace tetrad {

void check_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "tetrad: CHECK failed: %s at %s:%d\n", expression, file, line);
    std::fflush(stderr);
    void* frames[64];
    const int count = ::backtrace(frames, 64);
    ::backtrace_symbols_fd(frames, count, STDERR_FILENO);
    std::abort();
}

}  // namespace tetrad
