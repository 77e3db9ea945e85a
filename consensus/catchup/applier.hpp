// SPDX-License-Identifier: Apache-2.0
// The consensus shard's side of block sync: takes downloaded blocks in order, checks what needs the state, executes them. Everything
// that cannot be gone on from is handed to `halt`.
#pragma once

#include <functional>

#include "app/executor.hpp"
#include "consensus/catchup/ports.hpp"
#include "runtime/scope.hpp"
#include "storage/client.hpp"

namespace tetrad::consensus {

class applier {
public:
    using halt_function = std::function<void(error)>;
    applier(app::executor& executor, storage::client blocks, halt_function halt)
        : executor_(executor), blocks_(blocks), halt_(std::move(halt)) {}

    /// Serves the port from now on, with tasks of `tasks`.
    void serve(apply_port& port, runtime::scope& tasks);
    /// Where the chain stands.
    chain_tip tip() const;

private:
    runtime::task<result<chain_tip>> apply(synced_block block);

    app::executor& executor_;
    storage::client blocks_;
    halt_function halt_;
    bool verified_last_ = false;  // the block before came this way: the next one's last commit was verified with it
};

}  // namespace tetrad::consensus
