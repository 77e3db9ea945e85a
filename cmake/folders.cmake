# SPDX-License-Identifier: Apache-2.0
# tetrad_folder(name LIBRARIES ...): the library tetrad_<name> of all sources below <name>/ but its main.cpp, and, where
# tests/unit/<name> exists, the test program unit_<name>. A folder with headers only becomes an interface library. In targets of a
# folder inside another the slash is an underscore.
# tetrad_tests(program folder library): the test program of all sources below the folder, if there are any.
# tetrad_fuzz(name LIBRARIES ... SOURCES ...): the program fuzz_<name> of tests/fuzz/<name>.cpp, <name>_*.cpp and those sources,
# where the preset is `fuzz`.
# Targets of all of a kind: unit_tests, fuzzers.
# Catch2's main is large and the same for all: compiled once, not optimized.
add_library(unit_main OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/unit/main.cpp)
target_link_libraries(unit_main PRIVATE tetrad_flags)
target_compile_options(unit_main PRIVATE -O0 -g0)

# What nearly every file or Catch2 includes, of other libraries, parsed once a preset instead of once a file: 0.9 s of CPU each time. Never our own
# headers, whose edits would compile everything again, nor Catch2, whose CHECK has to come after ours. In the preset release the product
# goes without, so that a file which lacks an include of its own is found, and has all warnings.
function(tetrad_precompiled target)
    target_precompile_headers(${target} REUSE_FROM precompiled)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # g++ 12 reports these falsely in what it has read from a precompiled header.
        target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
    endif()
endfunction()
if(TETRAD_PCH)
    file(CONFIGURE OUTPUT generated/precompiled.cpp CONTENT "")
    add_library(precompiled OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/generated/precompiled.cpp)
    target_link_libraries(precompiled PRIVATE tetrad_flags spdlog_fmt)
    target_precompile_headers(precompiled PRIVATE <algorithm> <array> <atomic> <bit> <charconv> <chrono> <coroutine> <cstring> <deque>
        <expected> <functional> <map> <memory> <optional> <random> <set> <span> <sstream> <string> <string_view> <utility> <variant>
        <vector> <fmt/format.h>)
endif()

add_custom_target(unit_tests)
add_custom_target(fuzzers)

function(tetrad_tests program folder library)
    file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
    if(tests)
        add_executable(${program} ${tests} $<TARGET_OBJECTS:unit_main>)
        target_link_libraries(${program} PRIVATE ${library})
        target_compile_definitions(${program} PRIVATE TETRAD_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests")
        if(TETRAD_PCH)
            tetrad_precompiled(${program})
        endif()
        add_test(NAME ${program} COMMAND ${program})
        set_tests_properties(${program} PROPERTIES TIMEOUT 900)
        add_dependencies(unit_tests ${program})
    endif()
endfunction()

function(tetrad_folder folder)
    cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
    string(REPLACE "/" "_" name ${folder})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    if(sources)
        add_library(tetrad_${name} STATIC ${sources})
        target_link_libraries(tetrad_${name} PUBLIC ${ARG_LIBRARIES} tetrad_flags)
        if(TETRAD_PCH STREQUAL "all")
            tetrad_precompiled(tetrad_${name})
        endif()
    else()
        add_library(tetrad_${name} INTERFACE)
        target_link_libraries(tetrad_${name} INTERFACE ${ARG_LIBRARIES} tetrad_flags)
    endif()

    tetrad_tests(unit_${name} tests/unit/${folder} tetrad_${name})
endfunction()

function(tetrad_fuzz name)
    cmake_parse_arguments(ARG "" "" "LIBRARIES;SOURCES" ${ARGN})
    if(TETRAD_SANITIZE STREQUAL "fuzz")
        file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/${name}_*.cpp)
        add_executable(fuzz_${name} EXCLUDE_FROM_ALL tests/fuzz/${name}.cpp ${parts} ${ARG_SOURCES})
        target_link_libraries(fuzz_${name} PRIVATE ${ARG_LIBRARIES})
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        add_dependencies(fuzzers fuzz_${name})
    endif()
endfunction()
