// SPDX-License-Identifier: Apache-2.0
// A start: the core is given what the WAL holds of the height under way, in order, and then goes on where it was. While it is replayed
// nothing speaks: our own messages stand in the WAL. Where it ends with something asked for and not answered, that is asked for again;
// the signer's record makes it safe.
#include "base/text.hpp"
#include "chain/messages.hpp"
#include "consensus/engine/service.hpp"

namespace tetrad::consensus::engine {

using runtime::ok;
using runtime::task;
namespace messages = chain::messages;

namespace {

/// The mark before the records of a height: the end of the one before, or of 0.
bool is_end_of(byte_view payload, height_t h) {
    const auto read = decode_wal(slice(to_bytes(payload)));
    if (!read)
        return false;
    const auto* end = std::get_if<wal_end_height>(&read->entry->what);
    return end && end->height == h;
}

/// Precommits that were verified when the block was stored, as a set of votes again.
result<core::vote_set> votes_of(const chain::extended_commit& c,
                                const chain::validator_set& validators) {
    if (c.signatures.size() != validators.size())
        return fail(errc::corrupt,
                    format("the commit of height {} has {} signatures, its validators are {}",
                           c.height.v, c.signatures.size(), validators.size()));
    core::vote_set votes(c.height, c.round, chain::vote_type::precommit, validators);
    for (std::size_t i = 0; i < c.signatures.size(); ++i)
        if (!c.signatures[i].is_absent())
            TRY_VOID(votes.add(std::make_shared<const chain::vote>(c.vote_at(i))));
    if (!votes.has_majority())
        return fail(errc::corrupt,
                    format("the commit of height {} does not have +2/3 majority", c.height.v));
    return votes;
}

}  // namespace

task<result<std::optional<core::vote_set>>> service::last_commit() {
    const auto& state = parts_.executor.state();
    const height_t h = state.last_block_height;
    if (h.v == 0)
        co_return std::optional<core::vote_set>();
    const bool extended = extensions_at(h);
    auto read = [h, extended](storage::store& s) -> result<std::optional<chain::extended_commit>> {
        if (extended)
            return s.extended_commit(h);
        TRY(auto seen, s.seen_commit(h));
        if (!seen) {
            TRY(seen, s.commit(h));
        }
        return seen ? std::optional(chain::extended(*seen)) : std::nullopt;
    };
    auto found = co_await parts_.blocks.read(read);
    if (!found)
        co_return pass(found);
    if (!*found)
        co_return fail(errc::corrupt, format("the {} of height {} is not in the store",
                                             extended ? "extended commit" : "commit", h.v));
    auto votes = votes_of(**found, state.last_validators);
    if (!votes)
        co_return pass(votes);
    co_return std::optional(std::move(*votes));
}

/// For operators who move a key between machines: another node may still be signing with it.
task<result<void>> service::check_past_signatures() {
    const auto self = options_.core.self;
    const height_t last = parts_.executor.state().last_block_height;
    const height_t first = std::max(last - options_.double_sign_check_height, height_t(0)) + 1;
    if (!self || first > last)
        co_return result<void>{};
    auto read = [self, first, last](storage::store& s) -> result<std::optional<height_t>> {
        for (height_t h = first; h <= last; ++h) {
            TRY(auto commit, s.seen_commit(h));
            if (!commit) {
                TRY(commit, s.commit(h));
            }
            const auto is_ours = [&](const chain::commit_sig& sig) {
                return sig.flag == chain::block_id_flag::commit && sig.validator == *self;
            };
            if (commit && std::ranges::any_of(commit->signatures, is_ours))
                return h;
        }
        return std::nullopt;
    };
    auto found = co_await parts_.blocks.read(read);
    if (!found)
        co_return pass(found);
    if (*found)
        co_return fail(
            errc::fatal,
            format("block {} bears a signature of our key: make sure that no other node signs "
                   "with it, wait until {} blocks have passed without one, or set [consensus] "
                   "double_sign_check_height = 0",
                   (*found)->v, options_.double_sign_check_height));
    co_return result<void>{};
}

task<result<void>> service::start() {
    co_await ok(check_past_signatures());
    wal_ = co_await ok(storage::wal::open(options_.wal_path));
    if (!wal_->repaired().empty())
        log_.error("the consensus WAL was repaired", "what", wal_->repaired());
    result<std::optional<core::vote_set>> commit = co_await last_commit();
    if (!commit)
        co_return pass(commit);
    core::height_start first = next_start();
    first.last_commit = std::move(*commit);
    core::outputs out;
    core_ = std::make_unique<core::machine>(options_.core, std::move(first), now(), out);
    co_await ok(tell_height());
    replaying_ = true;
    for (auto& o : out)
        co_await ok(carry(std::move(o)));
    co_await ok(replay());
    replaying_ = false;
    co_await ok(after_replay());
    co_return result<void>{};
}

task<result<void>> service::replay() {
    const height_t h = state().height;
    const height_t mark = h == parts_.executor.state().initial_height ? height_t(0) : h - 1;
    const auto is_end = [h](byte_view p) { return is_end_of(p, h); };
    auto done = co_await wal_->records_after(is_end);
    if (!done)
        co_return pass(done);
    if (*done)
        co_return fail(
            errc::corrupt,
            format(
                "the consensus WAL says that height {} has ended, and the store does not have it",
                h.v));
    const auto is_mark = [mark](byte_view p) { return is_end_of(p, mark); };
    auto records = co_await wal_->records_after(is_mark);
    if (!records)
        co_return pass(records);
    if (!*records) {
        // A new home, or one whose blocks came another way. Without the mark a later replay would find no start and forget a lock.
        co_await ok(end_height(mark));
        co_return result<void>{};
    }
    for (const auto& payload : **records)
        co_await ok(replay_record(payload));
    if (!(*records)->empty())
        log_.info("replayed the consensus WAL", "records", (*records)->size(), "height",
                  state().height.v, "round", state().round.v, "step", wal_name(state().step));
    co_return result<void>{};
}

task<result<void>> service::replay_record(const slice& payload) {
    auto read = decode_wal(payload);
    if (!read)
        co_return pass(read, "a record of the consensus WAL");
    if (const auto* t = std::get_if<wal_timeout>(&read->entry->what)) {
        const core::input fired =
            core::timeout_fired{t->height, t->round, static_cast<core::step_t>(t->step)};
        co_await ok(step(fired));
    } else if (const auto* m = std::get_if<wal_message>(&read->entry->what)) {
        co_await ok(replay_message(*m));
    }
    while (!answers_.empty()) {
        entry e = std::move(answers_.front());
        answers_.pop_front();
        co_await ok(take(std::move(e)));
    }
    co_return result<void>{};
}

task<result<void>> service::replay_message(const wal_message& m) {
    auto opened = messages::decode_consensus(m.message);
    if (!opened)
        co_return pass(opened, "a message in the consensus WAL");
    core::source from;
    if (const auto id = from_hex(m.from); !id || !from.assign(*id))
        co_return fail(errc::corrupt, "a message in the consensus WAL is of a sender with the id " +
                                          quote(m.from));
    if (auto* part = std::get_if<messages::block_part>(&opened->what)) {
        part_received in{part->height, part->round, std::move(part->part)};
        co_await ok(take_part(std::move(in)));
        co_return result<void>{};
    }
    core::input in = core::txs_available{};
    if (auto* p = std::get_if<messages::proposal_message>(&opened->what))
        in = core::proposal_received{p->proposal};
    else if (auto* v = std::get_if<messages::vote_message>(&opened->what); v && v->vote)
        in = core::vote_received{std::make_shared<const chain::vote>(std::move(*v->vote)), from};
    else
        co_return result<void>{};  // of no consequence for the machine
    if (m.from.empty())
        unanswered_.reset();
    co_await ok(step(std::move(in)));
    co_return result<void>{};
}

task<result<void>> service::after_replay() {
    if (unarmed_)
        co_await ok(carry(core::output(*std::exchange(unarmed_, std::nullopt))));
    if (unanswered_)
        co_await ok(carry(std::move(*std::exchange(unanswered_, std::nullopt))));
    co_return result<void>{};
}

}  // namespace tetrad::consensus::engine
