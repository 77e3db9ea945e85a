// SPDX-License-Identifier: Apache-2.0
#include "storage/store.hpp"

#include "base/text.hpp"
#include "base/wire/protobuf.hpp"
#include "storage/prune.hpp"
#include "storage/rows.hpp"

namespace tetrad::storage {

namespace {

constexpr std::int64_t seen_commits_kept = 1000;  // enough for double_sign_check_height

}  // namespace

struct store::impl {
    impl(std::unique_ptr<kv> d, evidence_rows e) : db(std::move(d)), evidence(std::move(e)) {}

    std::unique_ptr<kv> db;
    store_range range;
    evidence_rows evidence;

    void put_state(batch& b, const chain::state& s) const;
    void put_validators(batch& b, height_t h, height_t changed, const chain::validator_set& set) const;
    void put_block(batch& b, const block_commit::stored_block& block);
    void put_index(batch& b, height_t h, const block_commit& c) const;
};

store::store(std::unique_ptr<impl> what) : impl_(std::move(what)) {}
store::~store() = default;

result<std::unique_ptr<store>> store::open(std::unique_ptr<kv> db) {
    TRY(auto evidence, evidence_rows::load(*db));
    std::unique_ptr<store> s(new store(std::make_unique<impl>(std::move(db), std::move(evidence))));
    TRY(auto range, decoded<store_range>(s->impl_->db->get(table::blocks, keys::of('R')), "range"));
    if (range)
        s->impl_->range = *range;
    return s;
}

height_t store::base() const { return impl_->range.base; }
height_t store::height() const { return impl_->range.height; }

// ---- writes ----

void store::impl::put_validators(batch& b, height_t h, height_t changed, const chain::validator_set& set) const {
    validators_info info;
    info.last_changed = changed;
    if (h == changed || h.v % checkpoint_interval == 0)
        info.set = set.record();
    b.put(table::states, keys::of('V', h), wire::encode(info));
}

// CometBFT's state store: the first state holds the sets of its first two heights, a later one adds that of the height after next.
void store::impl::put_state(batch& b, const chain::state& s) const {
    b.put(table::states, keys::of('T'), chain::encode_state(s));
    const height_t next = s.next_height();
    if (s.last_block_height.v == 0)
        put_validators(b, next, next, s.validators);
    put_validators(b, next + 1, s.last_height_validators_changed, s.next_validators);
    params_info params;
    params.last_changed = s.last_height_params_changed;
    if (next == s.last_height_params_changed)
        params.params = s.params;
    b.put(table::states, keys::of('P', next), wire::encode(params));
}

void store::impl::put_block(batch& b, const block_commit::stored_block& block) {
    const height_t h = block.meta.header.height;
    b.put(table::blocks, keys::of('B', h), block.encoded);
    b.put(table::blocks, keys::of('M', h), wire::encode(block.meta));
    b.put(table::blocks, keys::of('C', h - 1), wire::encode(block.last_commit));
    b.put(table::blocks, keys::of('S', h), wire::encode(block.seen_commit));
    if (h.v > seen_commits_kept)
        b.erase(table::blocks, keys::of('S', h - seen_commits_kept));
    if (block.extended_commit)
        b.put(table::blocks, keys::of('E', h), wire::encode(*block.extended_commit));
    b.put(table::blocks, keys::of('H', block.meta.id.hash), keys::big64(h));
    range.height = h;
    if (range.base.v == 0)
        range.base = range.meta_base = h;
    b.put(table::blocks, keys::of('R'), wire::encode(range));
}

void store::impl::put_index(batch& b, height_t h, const block_commit& c) const {
    const auto event_key = [h](char kind, const index_entry& e) {
        bytes key = keys::of(kind);
        keys::append_escaped(key, view(e.key));
        keys::append_escaped(key, view(e.value));
        keys::append_big64(key, static_cast<std::uint64_t>(h.v));
        return key;
    };
    const auto append_long = [](bytes& row, const std::string& value) {
        if (value.size() > keys::text_bytes_max)
            append(row, view(value));
    };
    std::uint32_t index = 0;
    for (const auto& tx : c.txs) {
        b.put(table::index, keys::of('T', tx.id), tx.record);
        for (const auto& e : tx.entries) {
            bytes key = event_key('E', e);
            keys::append_big32(key, index);
            keys::append_big32(key, e.event);
            bytes row = to_bytes(tx.id);
            append_long(row, e.value);
            b.put(table::index, key, std::move(row));
        }
        ++index;
    }
    for (const auto& e : c.block_entries) {
        bytes key = event_key('B', e);
        keys::append_big32(key, e.event);
        bytes row;
        append_long(row, e.value);
        b.put(table::index, key, std::move(row));
    }
}

result<void> store::apply(const block_commit& c) {
    batch b;
    const store_range before = impl_->range;
    const height_t h = c.next.last_block_height;
    if (c.block) {
        if (before.height.v != 0 && c.block->meta.header.height != before.height + 1)
            return fail(errc::fatal, format("block {} does not follow on the stored {}", c.block->meta.header.height.v, before.height.v));
        impl_->put_block(b, *c.block);
    }
    impl_->put_state(b, c.next);
    if (!c.response.empty()) {
        bytes last = keys::big64(h);
        append(last, c.response);
        b.put(table::states, keys::of('L'), std::move(last));
        if (c.keep_responses)
            b.put(table::states, keys::of('A', h), c.response);
    }
    impl_->put_index(b, h, c);
    auto evidence = impl_->evidence.after(b, c.evidence, c.next);
    result<void> written = evidence ? impl_->db->write(b, durability::synced) : pass(evidence);
    if (written)
        impl_->evidence = std::move(*evidence);
    else
        impl_->range = before;
    return written;
}

result<void> store::save_state(const chain::state& s) {
    batch b;
    impl_->put_state(b, s);
    return impl_->db->write(b, durability::synced);
}

result<void> store::save_genesis(byte_view json) {
    batch b;
    b.put(table::states, keys::of('G'), json);
    return impl_->db->write(b, durability::synced);
}

result<void> store::write_app(const app_write& w) {
    batch b;
    for (const auto& [key, value] : w.puts)
        b.put(table::app, key, byte_view(value));
    for (const auto& key : w.erases)
        b.erase(table::app, key);
    return impl_->db->write(b, durability::synced);
}

result<void> store::sync() { return impl_->db->sync(); }

result<height_t> store::prune(height_t retain) {
    auto& range = impl_->range;
    if (retain <= range.base)
        return range.base;
    if (retain > range.height)
        return fail(errc::invalid, format("cannot prune beyond the latest height {}", range.height.v));
    TRY(auto state, this->state());
    if (!state)
        return fail(errc::corrupt, "the store has blocks but no state");
    TRY_VOID(storage::prune(*impl_->db, range, *state, retain));
    return range.base;
}

// ---- reads ----

result<std::optional<bytes>> store::genesis() {
    TRY(auto found, impl_->db->get(table::states, keys::of('G')));
    if (!found)
        return std::nullopt;
    return to_bytes(found->view());
}

result<std::optional<chain::state>> store::state() {
    TRY(auto found, impl_->db->get(table::states, keys::of('T')));
    if (!found)
        return std::nullopt;
    return undamaged(chain::decode_state(*found), "state");
}

result<std::optional<slice>> store::block(height_t h) { return impl_->db->get(table::blocks, keys::of('B', h)); }

result<std::optional<block_meta>> store::meta(height_t h) { return meta_at(*impl_->db, h); }

result<std::optional<height_t>> store::height_of(byte_view block_hash) {
    TRY(auto found, impl_->db->get(table::blocks, keys::of('H', block_hash)));
    if (!found)
        return std::nullopt;
    if (found->size() != 8)
        return fail(errc::corrupt, "stored height of a block");
    return height_t(static_cast<std::int64_t>(keys::read_big64(*found)));
}

result<std::optional<chain::commit>> store::commit(height_t h) {
    return decoded<chain::commit>(impl_->db->get(table::blocks, keys::of('C', h)), "commit");
}
result<std::optional<chain::commit>> store::seen_commit(height_t h) {
    return decoded<chain::commit>(impl_->db->get(table::blocks, keys::of('S', h)), "seen commit");
}
result<std::optional<chain::extended_commit>> store::extended_commit(height_t h) {
    return decoded<chain::extended_commit>(impl_->db->get(table::blocks, keys::of('E', h)), "extended commit");
}

result<std::optional<store::stored_set>> store::set_of(height_t h) {
    TRY(auto info, validators_at(*impl_->db, h));
    if (!info)
        return std::nullopt;
    height_t from = h;
    if (!info->set) {
        from = set_stands_at(h, *info);
        TRY(auto stored, validators_at(*impl_->db, from));
        if (!stored || !stored->set)
            return fail(errc::corrupt, format("the validators of height {} refer to {}, where there are none", h.v, from.v));
        info->set = std::move(stored->set);
    }
    TRY(auto set, undamaged(chain::validator_set::from(*info->set), "validators"));
    return stored_set{std::move(set), from};
}

// Where the row has no set, the last one that has is turned on, in one step, as CometBFT does: the rounding of priorities depends
// on the steps.
result<std::optional<chain::validator_set>> store::validators(height_t h) {
    TRY(auto stored, set_of(h));
    if (!stored)
        return std::nullopt;
    if (h > stored->stands_at)
        stored->set.increment(static_cast<std::int32_t>(h - stored->stands_at));
    return std::move(stored->set);
}

result<std::optional<chain::validator_set>> store::members(height_t h) {
    TRY(auto stored, set_of(h));
    if (!stored)
        return std::nullopt;
    return std::move(stored->set);
}

result<std::optional<chain::consensus_params>> store::params(height_t h) {
    TRY(auto info, params_at(*impl_->db, h));
    if (!info)
        return std::nullopt;
    if (info->last_changed != h) {
        TRY(auto stored, params_at(*impl_->db, info->last_changed));
        if (!stored || stored->last_changed != info->last_changed)
            return fail(errc::corrupt, format("the parameters of height {} refer to {}, where there are none", h.v, info->last_changed.v));
        return stored->params;
    }
    return info->params;
}

result<std::optional<slice>> store::response(height_t h) {
    TRY(auto found, impl_->db->get(table::states, keys::of('A', h)));
    if (found)
        return found;
    TRY(auto last, last_response());
    if (last && last->height == h)
        return std::move(last->response);
    return std::nullopt;
}

result<std::optional<store::last_response_record>> store::last_response() {
    TRY(auto found, impl_->db->get(table::states, keys::of('L')));
    if (!found)
        return std::nullopt;
    if (found->size() < 8)
        return fail(errc::corrupt, "stored response");
    return last_response_record{height_t(static_cast<std::int64_t>(keys::read_big64(*found))), found->sub(8, found->size() - 8)};
}

result<std::optional<slice>> store::tx(const hash256& id) { return impl_->db->get(table::index, keys::of('T', id)); }

result<std::vector<std::pair<bytes, bytes>>> store::app_table() {
    std::vector<std::pair<bytes, bytes>> rows;
    TRY_VOID(impl_->db->scan(table::app, key_range::all(), direction::forward, SIZE_MAX, [&](byte_view key, byte_view value) {
        rows.emplace_back(to_bytes(key), to_bytes(value));
        return true;
    }));
    return rows;
}

bool store::is_evidence_pending(const chain::evidence& e) const { return impl_->evidence.is_pending(e); }
result<bool> store::is_evidence_committed(const chain::evidence& e) const { return impl_->evidence.is_committed(e); }
result<std::vector<chain::evidence>> store::pending_evidence(std::int64_t bytes_max) const {
    return impl_->evidence.pending(bytes_max);
}
result<void> store::add_evidence(const chain::evidence& e) { return impl_->evidence.add(e); }

}  // namespace tetrad::storage
