// SPDX-License-Identifier: Apache-2.0
// Keeps the templates of base/wire out of every file that encodes a large type: a header says TETRAD_CODEC(extern, type), and
// chain/codec.cpp says TETRAD_CODEC(, type) once. Used at file scope.
#pragma once

#include "base/wire/protobuf.hpp"

#define TETRAD_CODEC(linkage, ...)                                                                 \
    linkage template std::size_t tetrad::wire::detail::body_size<__VA_ARGS__>(const __VA_ARGS__&); \
    linkage template void tetrad::wire::detail::write_body<__VA_ARGS__>(                           \
        tetrad::wire::detail::reverse_writer&, const __VA_ARGS__&);                                \
    linkage template bool tetrad::wire::detail::read_body<__VA_ARGS__>(                            \
        tetrad::byte_view, __VA_ARGS__&, tetrad::wire::detail::decode_state&)
