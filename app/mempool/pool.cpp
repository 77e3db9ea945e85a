// SPDX-License-Identifier: Apache-2.0
#include "app/mempool/pool.hpp"

#include "base/text.hpp"
#include "chain/tx.hpp"

namespace tetrad::app {

result<void> tx_pool::has_room(std::size_t tx_bytes) const {
    if (size() < limits_.size && bytes_ + tx_bytes <= limits_.txs_bytes)
        return {};
    return fail(errc::full, format("mempool is full: number of txs {} (max: {}), total txs bytes {} (max: {})", size(), limits_.size,
                                   bytes_, limits_.txs_bytes));
}

result<void> tx_pool::admit(byte_view tx, const hash256& id, const std::string& sender) {
    TRY_VOID(has_room(tx.size()));
    if (tx.size() > limits_.tx_bytes)
        return fail(errc::too_large, format("Tx too large. Max size is {}, but got {}", limits_.tx_bytes, tx.size()));
    if (const auto size = chain::tx_block_size(tx.size());
        block_tx_bytes_max_ != 0 && size > static_cast<std::int64_t>(block_tx_bytes_max_))
        return fail(errc::too_large, format("tx pre check: tx size is too big: {}, max: {}", size, block_tx_bytes_max_));
    if (cache_.push(id))
        return {};
    if (const auto at = by_id_.find(id); at != by_id_.end() && !sender.empty())
        entries_.at(at->second).senders.insert(sender);
    return fail(errc::exists, "tx already exists in cache");
}

bool tx_pool::passes(const abci::response_check_tx& r) const {
    return r.code == abci::code_ok && (block_gas_max_ == -1 || (r.gas_wanted >= 0 && r.gas_wanted <= block_gas_max_));
}

bool tx_pool::on_checked(slice tx, const hash256& id, const std::string& sender, const abci::response_check_tx& r) {
    if (!passes(r)) {
        if (!limits_.keep_invalid_in_cache)
            cache_.remove(id);
        return false;
    }
    if (const auto at = by_id_.find(id); at != by_id_.end()) {
        if (!sender.empty())
            entries_.at(at->second).senders.insert(sender);
        return true;
    }
    if (!has_room(tx.size())) {
        cache_.remove(id);  // there may be room later
        return false;
    }
    bytes_ += tx.size();
    by_id_.emplace(id, next_);
    entry e{id, std::move(tx), height_, r.gas_wanted, {}};
    if (!sender.empty())
        e.senders.insert(sender);
    entries_.emplace(next_++, std::move(e));
    return true;
}

void tx_pool::erase(const hash256& id) {
    const auto at = by_id_.find(id);
    if (at == by_id_.end())
        return;
    const auto e = entries_.find(at->second);
    bytes_ -= e->second.tx.size();
    entries_.erase(e);
    by_id_.erase(at);
}

void tx_pool::forget_sender(const std::string& peer) {
    for (auto& [p, e] : entries_)
        e.senders.erase(peer);
}

void tx_pool::on_committed(const pool_update& u) {
    height_ = u.height;
    block_tx_bytes_max_ = u.tx_bytes_max;
    block_gas_max_ = u.block_gas_max;
    for (std::size_t i = 0; i < u.txs.size(); ++i) {
        const hash256 id = chain::tx_hash(u.txs[i]);
        if (i < u.codes.size() && u.codes[i] == abci::code_ok)
            (void)cache_.push(id);
        else if (!limits_.keep_invalid_in_cache)
            cache_.remove(id);
        erase(id);
    }
}

void tx_pool::on_rechecked(position p, const abci::response_check_tx& r) {
    const auto at = entries_.find(p);
    if (at == entries_.end() || passes(r))
        return;
    const hash256 id = at->second.id;
    erase(id);
    if (!limits_.keep_invalid_in_cache)
        cache_.remove(id);
}

const std::pair<const tx_pool::position, tx_pool::entry>* tx_pool::at_or_after(position p) const {
    const auto at = entries_.lower_bound(p);
    return at == entries_.end() ? nullptr : &*at;
}

std::vector<tx_pool::position> tx_pool::positions() const {
    std::vector<position> out;
    out.reserve(entries_.size());
    for (const auto& [p, e] : entries_)
        out.push_back(p);
    return out;
}

const tx_pool::entry* tx_pool::at(position p) const {
    const auto found = entries_.find(p);
    return found == entries_.end() ? nullptr : &found->second;
}

std::vector<slice> tx_pool::reap(std::int64_t bytes_max, std::int64_t gas_max) const {
    std::vector<slice> out;
    std::int64_t bytes = 0;
    __int128 gas = 0;  // an application may want any amount
    for (const auto& [p, e] : entries_) {
        bytes += chain::tx_block_size(e.tx.size());
        gas += e.gas_wanted;
        if ((bytes_max > -1 && bytes > bytes_max) || (gas_max > -1 && gas > gas_max))
            break;
        out.push_back(e.tx);
    }
    return out;
}

std::vector<slice> tx_pool::first(std::size_t count) const {
    std::vector<slice> out;
    for (const auto& [p, e] : entries_) {
        if (out.size() >= count)
            break;
        out.push_back(e.tx);
    }
    return out;
}

}  // namespace tetrad::app
