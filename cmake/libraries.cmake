# SPDX-License-Identifier: Apache-2.0
# Debian 12 packages only; cmake/packages.txt names them.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium>=1.0.18)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(rocksdb REQUIRED IMPORTED_TARGET rocksdb)
pkg_check_modules(wslay QUIET IMPORTED_TARGET libwslay)

add_library(spdlog_fmt INTERFACE)
find_package(spdlog REQUIRED)
target_link_libraries(spdlog_fmt INTERFACE spdlog::spdlog)

# liburing 2.3's shared library lacks io_uring_register_restrictions and io_uring_enable_rings; the static one has them.
find_library(URING_STATIC liburing.a REQUIRED)
add_library(uring_static INTERFACE)
target_link_libraries(uring_static INTERFACE ${URING_STATIC})

add_library(tomlplusplus INTERFACE)
target_compile_definitions(tomlplusplus INTERFACE TOML_EXCEPTIONS=0)

# An oracle of tests/fuzz, no part of the product.
if(TETRAD_SANITIZE STREQUAL "fuzz")
    find_library(PROTOBUF protobuf REQUIRED)
endif()
