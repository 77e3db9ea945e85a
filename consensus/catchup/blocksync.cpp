// SPDX-License-Identifier: Apache-2.0
#include "consensus/catchup/blocksync.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "chain/part_set.hpp"
#include "chain/verify_commit.hpp"
#include "runtime/timer.hpp"
#include "storage/store.hpp"

namespace tetrad::consensus {

using chain::messages::block_request;
using chain::messages::block_response;
using chain::messages::blocksync_message;
using chain::messages::no_block_response;
using chain::messages::status_request;
using chain::messages::status_response;
using runtime::ok;
using runtime::task;

namespace {

constexpr std::size_t block_send_queue =
    64;  // a peer that does not read holds at most so many blocks here
constexpr std::int64_t far_behind = 32;
constexpr std::int64_t announce_every = 32;  // while far behind

slice encoded(blocksync_message m) { return slice(chain::messages::encode_blocksync(m)); }

/// Everything about a block that needs no state: that the validators it names decided these bytes, and their shape. Only then is it
/// opened. A block has one encoding: a peer that keeps the rules sends that. Runs on a helper thread, on values only.
result<synced_block> verify(const std::string& chain_id, const chain::validator_set& validators,
                            const chain::block_outline& first,
                            const std::shared_ptr<const chain::block_outline>& second,
                            const slice& received,
                            const std::shared_ptr<const chain::extended_commit>& extended) {
    if (!second->last_commit)
        return fail(errc::invalid, "the next block has no last commit");
    TRY_VOID(chain::check_shape(first.header));
    TRY_VOID(chain::check_shape(*second->last_commit));
    const chain::block_id id{first.header.hash(), chain::part_set_header_of(received)};
    const height_t h = first.header.height;
    TRY_VOID(chain::verify_commit(chain_id, validators, id, h, *second->last_commit));
    if (extended) {
        TRY_VOID(chain::check_shape(*extended));
        TRY_VOID(chain::ensure_extensions(*extended, true));
        TRY_VOID(chain::verify_extended_commit(chain_id, validators, id, h, *extended));
    }
    TRY(auto block, chain::decode_block(received));
    TRY_VOID(chain::check_shape(block));
    if (chain::canonical_encoding(received, block).data() != received.data())
        return fail(errc::invalid, "the block is encoded as no node encodes it");
    return synced_block{std::make_shared<const chain::block>(std::move(block)), received, id,
                        std::shared_ptr<const chain::commit>(second, &*second->last_commit),
                        extended};
}

}  // namespace

blocksync::blocksync(runtime::shard& network, chain_tip tip, apply_port& apply,
                     storage::client blocks, runtime::offload& workers, logger log)
    : here_(network),
      chain_id_(tip.chain_id),
      tip_(std::move(tip)),
      apply_(apply),
      blocks_(blocks),
      workers_(workers),
      log_(log),
      tasks_(network),
      pool_(tip_.height.v == 0 ? tip_.initial_height : tip_.height + 1),
      verify_next_(pool_.height()),
      apply_next_(pool_.height()) {}

std::vector<p2p::channel_descriptor> blocksync::channels() const {
    p2p::channel_descriptor c{p2p::channels::blocksync, 5, block_send_queue,
                              chain::messages::blocksync_bytes_max};
    c.unasked_bytes_max = unasked_bytes_max;
    return {c};
}

bool blocksync::expects(const p2p::peer& from, p2p::channel_id) const {
    return pool_.expects_from(from.id());
}

task<void> blocksync::run() {
    tasks_.spawn(verify_loop());
    tasks_.spawn(apply_loop());
    tasks_.spawn(clock_loop());
    tasks_.spawn(status_loop());
    if (on_caught_up)
        tasks_.spawn(switch_loop());
    runtime::stop_state& stop = co_await runtime::current_stop();
    while (!stop.requested())
        (void)co_await changed_.wait();
    tasks_.request_stop();
    co_await tasks_.join();
}

// ---- peers ----

slice blocksync::status_message() const {
    return encoded({status_response{tip_.height, tip_.base}});
}

void blocksync::peer_up(p2p::peer& p) { p.try_send(p2p::channels::blocksync, status_message()); }

void blocksync::peer_down(p2p::peer& p, const error&) {
    pool_.on_peer_gone(p.id());
    changed_.notify();
}

void blocksync::drop(const std::string& id, error why) {
    log_.info("dropping a peer", "peer", id, "why", why.text);
    if (p2p::peer* p = hub_->find(id))
        p->drop(std::move(why));
}

void blocksync::note_height(const std::string& peer, height_t h) {
    if (on_peer_height)
        on_peer_height(peer, h);
    changed_.notify();
}

task<result<void>> blocksync::receive(p2p::peer& from, p2p::channel_id, slice message) {
    auto decoded = chain::messages::decode_blocksync(message);
    if (!decoded)
        co_return pass(decoded, "block sync");
    blocksync_message& m = *decoded;
    if (const auto* q = std::get_if<block_request>(&m.what)) {
        auto answering = on_request(from, q->height);
        result<void> answered = co_await answering;
        co_return answered;
    }
    if (const auto* r = std::get_if<block_response>(&m.what))
        co_return on_response(from, *r);
    if (std::holds_alternative<status_request>(m.what)) {
        from.try_send(p2p::channels::blocksync, status_message());
    } else if (const auto* s = std::get_if<status_response>(&m.what)) {
        result<void> sane = pool_.on_status(from.id(), s->base, s->height, here_.now());
        note_height(from.id(), s->height);
        co_return sane;
    } else if (const auto* n = std::get_if<no_block_response>(&m.what)) {
        pool_.on_no_block(from.id(), n->height, here_.now());
        changed_.notify();
    }
    co_return result<void>{};
}

void blocksync::on_peer_reached(const std::string& peer, height_t h) {
    pool_.on_peer_reached(peer, h);
    note_height(peer, h);
}

task<result<void>> blocksync::on_request(p2p::peer& from, height_t h) {
    auto read = [h](storage::store& s) -> result<std::optional<block_response>> {
        TRY(auto block, s.block(h));
        if (!block)
            return std::nullopt;
        block_response r{std::move(*block), std::nullopt};
        TRY(auto extended, s.extended_commit(h));
        if (extended)
            r.extended_commit = slice(wire::encode(*extended));
        return r;
    };
    result<std::optional<block_response>> found = co_await blocks_.read(read);
    if (!found)
        co_return found.error().code == errc::closed ? result<void>{}
                                                     : pass(found, "reading a block for a peer");
    if (!*found) {
        from.try_send(p2p::channels::blocksync, encoded({no_block_response{h}}));
        co_return result<void>{};
    }
    blocksync_message answer{std::move(**found)};
    result<void> sent = co_await from.send(p2p::channels::blocksync, encoded(std::move(answer)));
    if (!sent)
        log_.debug("a block was not sent", "peer", from.id(), "height", h.v, "why",
                   sent.error().text);
    co_return result<void>{};
}

result<void> blocksync::on_response(p2p::peer& from, const block_response& r) {
    if (!pool_.expects_from(from.id()))
        return fail(errc::invalid, "a block that was not asked for");
    if (!r.block)
        return fail(errc::invalid, "a block response without a block");
    auto outline = chain::decode_outline(*r.block);
    if (!outline)
        return pass(outline, "block response");
    if (auto good = chain::check_shape(outline->header); !good)
        return pass(good, "block response");
    const height_t h = outline->header.height;
    pooled_block received{nullptr, *r.block, from.id()};
    if (r.extended_commit) {
        auto commit = wire::decode_shared<chain::extended_commit>(*r.extended_commit);
        if (!commit)
            return pass(commit, "extended commit");
        if (commit->height != h)
            return fail(errc::invalid, "the extended commit is of another height than its block");
        received.extended = std::make_shared<const chain::extended_commit>(std::move(*commit));
        received.extended_bytes = r.extended_commit->size();
    }
    received.outline = std::make_shared<const chain::block_outline>(std::move(*outline));
    TRY(const bool is_new, pool_.on_block(from.id(), std::move(received), here_.now()));
    if (is_new)
        changed_.notify();
    return {};
}

bool blocksync::is_far_behind() const { return tip_.height + far_behind < pool_.peer_height_max(); }

void blocksync::announce() {
    if (!is_far_behind() || tip_.height.v % announce_every == 0)
        hub_->broadcast(p2p::channels::blocksync, status_message());
}

// ---- downloading ----

void blocksync::send_requests() {
    if (!downloads_)
        return;
    for (const auto& q : pool_.next_requests(here_.now())) {
        p2p::peer* p = hub_->find(q.peer);
        if (!p || !p->try_send(p2p::channels::blocksync, encoded({block_request{q.height}})))
            pool_.on_no_block(q.peer, q.height,
                              here_.now());  // asked of another, later of this one again
    }
    deadlines_.notify();
}

task<void> blocksync::clock_loop() {
    for (;;) {
        const instant next = pool_.next_deadline(here_.now());
        result<void> woken = co_await runtime::with_deadline(next, runtime::wait_for(deadlines_));
        if (tasks_.stopping())
            co_return;
        if (woken || here_.now() < next)
            continue;
        auto bytes_received = [this](const std::string& id) {
            p2p::peer* p = hub_->find(id);
            return p ? p->connection().status(here_.now()).received.bytes : 0;
        };
        for (auto& e : pool_.on_time(here_.now(), bytes_received))
            drop(e.peer, std::move(e.why));
        changed_.notify();
    }
}

task<void> blocksync::status_loop() {
    for (;;) {
        result<void> slept = co_await runtime::sleep_for(status_interval);
        if (!slept)
            co_return;
        hub_->broadcast(p2p::channels::blocksync, encoded({status_request{}}));
    }
}

// ---- verifying ----

// Pairs that are here and whose validators are known, up to ahead_max above what was applied.
std::vector<blocksync::job> blocksync::next_jobs() {
    std::vector<job> jobs;
    while (static_cast<std::int64_t>(jobs.size()) < batch_max &&
           verify_next_ - pool_.height() < ahead_max) {
        const pooled_block* first = pool_.at(verify_next_);
        const pooled_block* second = pool_.at(verify_next_ + 1);
        if (!first || !second)
            break;
        const auto& named = first->outline->header.validators_hash;
        const auto is = [&](const chain::validator_set& s) {
            return !s.empty() && equal(s.hash(), named);
        };
        const chain::validator_set* set = is(tip_.validators)        ? &tip_.validators
                                          : is(tip_.next_validators) ? &tip_.next_validators
                                                                     : nullptr;
        if (!set && verify_next_ == pool_.height() && tip_.height < verify_next_)
            set =
                &tip_.validators;  // the one set it can be: verification or validation says what is wrong
        if (!set)
            break;
        jobs.push_back(
            {verify_next_, first->outline, second->outline, first->encoded, first->extended, *set});
        ++verify_next_;
    }
    return jobs;
}

task<void> blocksync::verify_loop() {
    while (!tasks_.stopping()) {
        send_requests();
        std::vector<job> jobs = next_jobs();
        if (jobs.empty()) {
            (void)co_await changed_.wait();
            continue;
        }
        auto work = [&jobs, &chain_id = chain_id_] {
            for (job& j : jobs) {
                j.out = verify(chain_id, j.validators, *j.first, j.second, j.received, j.extended);
                if (!j.out)
                    break;
            }
        };
        const auto generation = generation_;
        co_await workers_.run(work);
        on_verified(jobs, generation);
    }
}

void blocksync::on_verified(std::vector<job>& jobs, std::uint64_t generation) {
    if (generation != generation_)
        return;
    for (job& j : jobs) {
        if (!j.out)
            return reject(j.height, j.out.error());
        verified_.emplace(j.height, std::move(*j.out));
    }
    changed_.notify();
}

// Block h or the next one is bad: whoever sent them goes, and both are asked of others.
void blocksync::reject(height_t h, const error& why) {
    log_.error("invalid block", "height", h.v, "why", why.text);
    ++generation_;
    verified_.clear();
    verify_next_ = apply_next_ = pool_.height();
    for (const auto& id : pool_.reject(h, here_.now()))
        drop(id, error(errc::invalid, format("sent an invalid block (height {} or {}): {}", h.v,
                                             h.v + 1, why.text)));
    changed_.notify();
}

// ---- executing ----

task<void> blocksync::apply_loop() {
    while (!tasks_.stopping()) {
        const auto next = verified_.find(apply_next_);
        if (!downloads_ || next == verified_.end() || apply_.free_credits() == 0) {
            (void)co_await changed_.wait();
            continue;
        }
        tasks_.spawn(apply_one(std::move(next->second), generation_));
        verified_.erase(next);
        ++apply_next_;
        co_await runtime::yield();  // its call goes out before the next one's
    }
}

task<void> blocksync::apply_one(synced_block block, std::uint64_t generation) {
    const height_t h = block.block->header.height;
    ++applying_;
    result<chain_tip> applied = co_await apply_.call(std::move(block));
    --applying_;
    if (applied) {
        tip_ = std::move(*applied);
        while (pool_.height() <= tip_.height)
            pool_.advance();
        verify_next_ = std::max(verify_next_, pool_.height());
        apply_next_ = std::max(apply_next_, pool_.height());
        announce();
    } else if (applied.error().code == errc::invalid && generation == generation_) {
        reject(h, applied.error());
    }
    changed_.notify();  // in any case there is a credit again
}

}  // namespace tetrad::consensus
