// SPDX-License-Identifier: Apache-2.0
// One run: starts the nodes, shows what they do, measures, and ends them. All of it in one thread's loop, on one shard.
//
//   begun -> three heights seen -> [load] -> measured -> [drained] -> summary -> nodes ended
//
// SIGINT, SIGTERM and SIGHUP lead to the summary from wherever it is, a second one kills; a node that ends by itself fails the run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/scope.hpp"
#include "runtime/sync.hpp"
#include "tests/net/homes.hpp"
#include "tests/net/load.hpp"
#include "tests/net/process.hpp"
#include "tests/net/report.hpp"
#include "tests/net/watch.hpp"

namespace tetrad::net {

class session {
public:
    session(runtime::shard& here, options, const folder&, std::vector<node>, environment,
            signal_file&);

    /// Returns when nothing runs any more: the exit code.
    runtime::task<int> run();

private:
    /// What had been used at a moment.
    struct reading {
        instant at;
        std::size_t heights = 0;  // seen so far
        std::vector<use> nodes;
        std::uint64_t loopback_bytes = 0;
    };
    reading read() const;

    result<void> start_nodes();
    runtime::task<void> stop_nodes();
    runtime::task<result<void>> all_ended();
    void signal_nodes(int number);
    bool any_runs() const;

    runtime::task<void> heed_signals();
    void on_ended(const ending&);
    runtime::task<void> show_lines();
    void show(const reading& before, const reading& now, std::optional<std::int64_t> peers);

    runtime::task<result<void>> measure();
    void start_load();
    runtime::task<void> summarize();
    runtime::task<result<void>> drain();
    runtime::task<result<void>> add_latencies(summary&);

    bool say(std::string_view text);  // false where nobody reads any more: then the run ends

    runtime::shard& here_;
    const options options_;
    const folder& folder_;
    std::vector<node> nodes_;
    const environment environment_;
    signal_file& signals_;

    node_rpc watch_rpc_, line_rpc_;
    chain_watch watch_;
    std::optional<load> load_;
    std::size_t heights_before_load_ = 0;
    std::optional<reading> begin_, end_;
    std::string failure_;
    int stops_asked_ = 0;
    bool stopping_ = false;  // the nodes are being ended
    runtime::event ended_;   // a node has
    runtime::scope tasks_, lines_, senders_;
    runtime::stop_state work_;
};

}  // namespace tetrad::net
