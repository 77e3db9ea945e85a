// SPDX-License-Identifier: Apache-2.0
// What commands print while no node runs. `host` is the world as a command sees it: arguments, variables, clock, randomness and
// where its output goes; main.cpp gives the real one, tests another. `console_log` writes log lines at once to that output, as
// CometBFT's commands do. Main thread only.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "config/home.hpp"
#include "daemon/start.hpp"

namespace tetrad::daemon {

struct host {
    std::vector<std::string> args;  // without the program's name
    config::environment env;
    std::string machine_name;  // "anonymous" where it has none
    random_source& random;
    std::function<timestamp()> now;
    std::function<void(std::string_view)> out;
    std::function<void(std::string_view)> err;
    std::function<result<void>(const node_options&)> run_node;
};

class console_log final : public log_sink {
public:
    /// The host outlives the log.
    console_log(const host& h, log_levels levels, log_format format)
        : host_(h), levels_(std::move(levels)), format_(format) {}

    timestamp now() override { return host_.now(); }
    void write(const log_record& record) override {
        std::string line;
        render(line, record, format_);
        host_.out(line + "\n");
    }
    log_level level_of(std::string_view module) const override { return levels_.of(module); }

private:
    const host& host_;
    log_levels levels_;
    log_format format_;
};

}  // namespace tetrad::daemon
