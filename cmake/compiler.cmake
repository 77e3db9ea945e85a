# SPDX-License-Identifier: Apache-2.0
# Flags of every target, by preset (TETRAD_SANITIZE is set by the presets asan, tsan, clang and fuzz).
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(TETRAD_PCH "" CACHE STRING "who has a precompiled header of the standard library: empty, tests, all")

add_library(tetrad_flags INTERFACE)
target_include_directories(tetrad_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(tetrad_flags INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports both falsely in std::string and through std::optional and std::variant.
    target_compile_options(tetrad_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
    # Memory is there (./dev counts 1.5 GB a compiler): the compiler's own garbage collections are an eighth of its time.
    target_compile_options(tetrad_flags INTERFACE --param=ggc-min-heapsize=524288)
else()
    # libstdc++ 12 calls what it has deprecated in its own std::stable_sort.
    target_compile_options(tetrad_flags INTERFACE -Wno-deprecated-declarations)
endif()
# Elsewhere a newer compiler may warn of more.
if(DEFINED ENV{CI})
    target_compile_options(tetrad_flags INTERFACE -Werror)
endif()

set(TETRAD_SANITIZE "" CACHE STRING "empty, asan, tsan, pointers or fuzz")
if(TETRAD_SANITIZE STREQUAL "asan")
    # Whether each pointer and reference is null or misaligned is a third of g++'s time, and a tenth of clang's: that one looks (pointers).
    target_compile_options(tetrad_flags INTERFACE -fsanitize=address,undefined -fno-sanitize=null,alignment
                           -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_link_options(tetrad_flags INTERFACE -fsanitize=address,undefined)
elseif(TETRAD_SANITIZE STREQUAL "tsan")
    target_compile_options(tetrad_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
    target_link_options(tetrad_flags INTERFACE -fsanitize=thread)
elseif(TETRAD_SANITIZE STREQUAL "pointers")
    target_compile_options(tetrad_flags INTERFACE -fsanitize=null,alignment -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(tetrad_flags INTERFACE -fsanitize=null,alignment)
elseif(TETRAD_SANITIZE STREQUAL "fuzz")
    # Every program of this preset is instrumented; those of tests/fuzz are linked with libFuzzer's main besides.
    target_compile_options(tetrad_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined
                           -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_link_options(tetrad_flags INTERFACE -fsanitize=address,undefined)
endif()
if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_definitions(tetrad_flags INTERFACE TETRAD_DCHECK=1 _GLIBCXX_ASSERTIONS)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")  # beside -O1 a third less of g++'s time where the sanitizers have added to the code

find_program(CCACHE ccache)
if(CCACHE)
    # What it asks to be told before it keeps anything that a precompiled header went into.
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
