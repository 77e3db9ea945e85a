// SPDX-License-Identifier: Apache-2.0
// The transaction pool's rules, without I/O (CometBFT's CListMempool): a bounded FIFO of transactions that passed CheckTx, and a
// cache of recently seen ones. Network shard; owned by app/mempool/mempool.
//
//   bounds: `size` transactions, `txs_bytes` bytes in all, `tx_bytes` a transaction, `cache_size` hashes (the oldest goes), and as
//   many senders of a transaction as there are peers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/abci/messages.hpp"
#include "app/ports.hpp"
#include "base/bounded.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

namespace tetrad::app {

struct pool_limits {
    std::size_t size = 5000;
    std::size_t txs_bytes = 1 << 30;
    std::size_t tx_bytes = 1 << 20;
    std::size_t cache_size = 10'000;
    bool keep_invalid_in_cache = false;
};

class tx_pool {
public:
    /// Where a transaction stands in the order of arrival; grows without gaps being filled.
    using position = std::uint64_t;
    struct entry {
        hash256 id;
        slice tx;
        height_t height;  // the pool's when it came in
        std::int64_t gas_wanted = 0;
        std::set<std::string> senders;  // peers that have it
    };

    tx_pool(pool_limits limits, height_t height, std::uint64_t seed)
        : limits_(limits),
          height_(height),
          cache_(limits.cache_size, seed),
          by_id_(0, keyed_hash{seed}) {}

    /// May it go to the application? Puts it into the cache. `sender`: a peer's id, or empty. Fails with CometBFT's texts.
    result<void> admit(byte_view tx, const hash256& id, const std::string& sender);
    /// The application's verdict. True where it is in the pool now.
    bool on_checked(slice tx, const hash256& id, const std::string& sender,
                    const abci::response_check_tx&);

    /// A block was committed: its transactions go, and what a block may hold changes.
    void on_committed(const pool_update&);
    /// The verdict on one that stayed.
    void on_rechecked(position, const abci::response_check_tx&);
    /// The application could not be asked: forget that it was seen.
    void forget(const hash256& id) { cache_.remove(id); }
    /// The peer is gone.
    void forget_sender(const std::string& peer);

    /// The first at or after a position; nullptr where there is none.
    const std::pair<const position, entry>* at_or_after(position) const;
    std::vector<position> positions() const;
    const entry* at(position) const;
    /// For a proposal: in order, while the encoded size and the gas allow; -1: no limit.
    std::vector<slice> reap(std::int64_t bytes_max, std::int64_t gas_max) const;
    std::vector<slice> first(std::size_t count) const;

    std::size_t size() const { return entries_.size(); }
    std::size_t bytes() const { return bytes_; }
    height_t height() const { return height_; }
    bool contains(const hash256& id) const { return by_id_.contains(id); }

private:
    result<void> has_room(std::size_t tx_bytes) const;
    bool passes(const abci::response_check_tx&) const;
    void erase(const hash256& id);

    pool_limits limits_;
    height_t height_;
    std::size_t block_tx_bytes_max_ = 0;  // 0: not known yet
    std::int64_t block_gas_max_ = -1;
    lru_set cache_;
    position next_ = 1;
    std::map<position, entry> entries_;
    std::unordered_map<hash256, position, keyed_hash> by_id_;  // looked up only: its order is nobody's
    std::size_t bytes_ = 0;
};

}  // namespace tetrad::app
