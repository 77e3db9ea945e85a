// SPDX-License-Identifier: Apache-2.0
// Evidence of misbehaviour that waits for a block, and marks of that which is in one. On the storage side; owned by the store.
//
//   bounds: pending_max pieces of evidence of pending_bytes_max together wait. What is more is not kept (errc::full; of what a block
//   brings along: left out): whoever else has it may propose it. A piece that is too old (chain::is_too_old) goes with the next block.
//   Marks stay: what is in a block once may never be in one again, and each stands for evidence that is in a block, so they are as
//   bounded as the chain.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "chain/evidence.hpp"
#include "chain/state.hpp"
#include "storage/kv.hpp"

namespace tetrad::storage {

/// What one block changes.
struct evidence_changes {
    std::vector<chain::evidence> committed;  // in the block
    std::vector<chain::evidence> found;      // waits from now on, unless it is known already
};

class evidence_rows {
public:
    static constexpr std::size_t pending_max = 1000;
    static constexpr std::size_t pending_bytes_max = 16 << 20;

    /// What is in `db`; it outlives this.
    static result<evidence_rows> load(kv& db);

    bool is_pending(const chain::evidence&) const;
    result<bool> is_committed(const chain::evidence&) const;
    /// Oldest first, while the encoded list is at most so large; -1: all.
    result<std::vector<chain::evidence>> pending(std::int64_t bytes_max) const;

    /// It waits from now on; it did not before. Written at once, not synced: who loses it by a power cut is told again.
    result<void> add(const chain::evidence&);

    /// Adds to a block's batch what it changes. The rows as they are once the batch is written.
    result<evidence_rows> after(batch&, const evidence_changes&, const chain::state& next) const;

private:
    struct row {
        timestamp time;
        height_t height;
        std::size_t bytes = 0;
    };
    explicit evidence_rows(kv& db) : db_(&db) {}
    result<void> insert(batch&, const chain::evidence&);
    void erase(batch&, std::map<bytes, row>::iterator);

    kv* db_;
    std::map<bytes, row> pending_;  // by key, so in the order of heights
    std::size_t bytes_ = 0;
};

}  // namespace tetrad::storage
