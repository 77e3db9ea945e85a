// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>
#include <sodium.h>
#include <sys/socket.h>
#include <cstdint>
