// SPDX-License-Identifier: Apache-2.0
// CHECK(condition): what must not happen by our own logic. Present in every build; prints the expression, the place and a
// stack, then aborts. Never on anything that a peer, a file, a user or the application can cause: that is result<T>.
#pragma once

namespace tetrad {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace tetrad

#define CHECK(...)                                                                             \
    do {                                                                                       \
        if (!(__VA_ARGS__)) [[unlikely]]                                                       \
            ::tetrad::check_failed(#__VA_ARGS__, __FILE__, __LINE__);                          \
    } while (false)

#ifdef TETRAD_DCHECK
#define DCHECK(...) CHECK(__VA_ARGS__)
#else
#define DCHECK(...) static_cast<void>(0)
#endif

#define UNREACHABLE() ::tetrad::check_failed("unreachable", __FILE__, __LINE__)
