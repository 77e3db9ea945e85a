// SPDX-License-Identifier: Apache-2.0
// The conformance suite of backends: a script of operations runs on io_uring and, with twenty seeds, in the simulator. Both must give
// the answers written in the test, and so the same as each other. Included last of our headers: Catch's CHECK takes the place of ours.
#pragma once

#include "runtime/uring/backend.hpp"
#include "tests/unit/runtime/backend_script.hpp"
#include "tests/unit/runtime/sim/support.hpp"
#include "tests/unit/runtime/support.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

namespace tetrad::runtime::script {

using lines = std::vector<std::string>;
using script_function = task<bool> (*)(stage&);

inline lines on_uring(script_function f) {
    std::string directory = (std::filesystem::temp_directory_path() / "tetrad-backend-XXXXXX").string();
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    transcript log;
    {
        testing::real_machine m;
        stage s{m.on.io(), m.here, directory, *parse_endpoint("127.0.0.1:0"), log};
        REQUIRE(m.run(f(s)));
    }
    std::filesystem::remove_all(directory);
    return log.lines;
}

inline lines in_simulation(script_function f, std::uint64_t seed) {
    sim::world w(seed);
    sim::host& h = w.add_host("host", "10.0.0.1");
    h.disk().make_directories("/t");
    transcript log;
    {
        sim::testing::process p(h);
        stage s{p.io(), p.here, "/t", *parse_endpoint("127.0.0.1:0"), log};
        REQUIRE(p.run(f(s)));
    }
    CHECK(h.open_descriptors() == 0);
    w.run_for(10s);
    CHECK(w.net().open_ends() == 0);
    return log.lines;
}

inline void conforms(script_function f, const lines& wanted) {
    CHECK(on_uring(f) == wanted);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("simulated, seed " << seed);
        CHECK(in_simulation(f, seed) == wanted);
    }
}

}  // namespace tetrad::runtime::script
