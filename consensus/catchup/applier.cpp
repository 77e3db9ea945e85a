// SPDX-License-Identifier: Apache-2.0
#include "consensus/catchup/applier.hpp"

#include "base/text.hpp"
#include "consensus/evidence/pool.hpp"

namespace tetrad::consensus {

using runtime::task;

void applier::serve(apply_port& port, runtime::scope& tasks) {
    port.serve(tasks, [this](synced_block b) { return apply(std::move(b)); });
}

chain_tip applier::tip() const {
    const chain::state& s = executor_.state();
    return {s.last_block_height, executor_.base(), s.chain_id, s.initial_height, s.validators, s.next_validators};
}

task<result<chain_tip>> applier::apply(synced_block b) {
    const height_t h = b.block->header.height;
    if (h != executor_.state().next_height())
        co_return fail(errc::closed, format("block {} is not the next one", h.v));
    runtime::shard& here = co_await runtime::current_shard();
    runtime::stop_state& stop = co_await runtime::current_stop();
    app::executor::decided d{b.block, b.encoded, b.id, *b.commit, b.extended_commit, verified_last_};
    result<void> valid = executor_.validate(d, here.io().wall_clock());
    if (valid)
        valid = co_await evidence::check(blocks_, b.block);
    if (!valid && valid.error().code != errc::invalid)
        co_return pass(valid);  // the storage shard stops, and so do we
    if (!valid) {
        verified_last_ = false;
        co_return pass(valid);
    }
    result<void> applied = co_await executor_.apply(d);
    if (!applied) {
        if (!stop.requested())  // what our own stop cut short is no failure
            halt_(applied.error());
        co_return fail(errc::closed, applied.error().text);
    }
    verified_last_ = true;
    co_return tip();
}

}  // namespace tetrad::consensus
