# SPDX-License-Identifier: Apache-2.0
# tetrad_folder(name LIBRARIES ...): the library tetrad_<name> of all sources below <name>/ but its main.cpp, and, where
# tests/unit/<name> exists, the test program unit_<name>. A folder with headers only becomes an interface library. In targets of a
# folder inside another the slash is an underscore.
# Catch2's main is large and the same for all: compiled once, not optimized.
add_library(unit_main OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/unit/main.cpp)
target_link_libraries(unit_main PRIVATE tetrad_flags)
target_compile_options(unit_main PRIVATE -O0 -g0)

function(tetrad_folder folder)
    cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
    string(REPLACE "/" "_" name ${folder})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    if(sources)
        add_library(tetrad_${name} STATIC ${sources})
        target_link_libraries(tetrad_${name} PUBLIC ${ARG_LIBRARIES} tetrad_flags)
    else()
        add_library(tetrad_${name} INTERFACE)
        target_link_libraries(tetrad_${name} INTERFACE ${ARG_LIBRARIES} tetrad_flags)
    endif()

    file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${folder}/*.cpp)
    if(tests)
        add_executable(unit_${name} ${tests} $<TARGET_OBJECTS:unit_main>)
        target_link_libraries(unit_${name} PRIVATE tetrad_${name})
        target_compile_definitions(unit_${name} PRIVATE TETRAD_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests")
        add_test(NAME unit_${name} COMMAND unit_${name})
        set_tests_properties(unit_${name} PROPERTIES TIMEOUT 900)
    endif()
endfunction()
