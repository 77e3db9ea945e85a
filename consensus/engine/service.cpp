// SPDX-License-Identifier: Apache-2.0
#include "consensus/engine/service.hpp"

#include "base/text.hpp"
#include "chain/messages.hpp"
#include "runtime/timer.hpp"

namespace tetrad::consensus::engine {

using runtime::ok;
using runtime::task;
namespace messages = chain::messages;

namespace {

constexpr std::size_t inbox_depth = 1024;

}  // namespace

service::service(runtime::shard& here, service_options o, service_parts p, halt_function halt,
                 logger log)
    : here_(here),
      options_(std::move(o)),
      parts_(p),
      halt_(std::move(halt)),
      log_(log),
      inbox_(inbox_depth),
      tasks_(here) {
    if (parts_.signer)
        options_.core.self = parts_.signer->public_key().address();
    parts_.executor.before_commit = [this](height_t h) { return end_height(h); };
}

service::~service() = default;

timestamp service::now() { return here_.io().wall_clock(); }

void service::answer(entry e) {
    answers_.push_back(std::move(e));
    arrived_.notify();
}

void service::serve(input_port& inputs, txs_port& txs, runtime::scope& tasks) {
    inputs.serve(tasks, [this](peer_input in) { return receive(entry(std::move(in))); });
    txs.serve(tasks, [this](core::txs_available in) { return receive(entry(core::input(in))); });
}

task<result<void>> service::receive(entry e) {
    co_await ok(inbox_.push(std::move(e)));
    arrived_.notify();
    co_return result<void>{};
}

task<void> service::run() {
    tasks_.spawn(run_timer());
    runtime::stop_state& stop = co_await runtime::current_stop();
    result<void> ended = co_await loop();
    if (!ended && !stop.requested())
        halt_(ended.error());
    tasks_.request_stop();
    co_await tasks_.join();
    if (wal_) {
        runtime::stop_state unstopped;  // what was taken in is on the disk after a clean stop
        auto syncing = wal_->sync();
        result<void> synced = co_await runtime::under(unstopped, syncing);
        if (!synced)
            log_.error("the consensus WAL was not synced at the end", "why", synced.error().text);
    }
}

task<result<void>> service::loop() {
    while (true) {
        while (!answers_.empty()) {
            entry e = std::move(answers_.front());
            answers_.pop_front();
            co_await ok(take(std::move(e)));
        }
        if (auto e = inbox_.try_pop()) {
            co_await ok(take(std::move(*e)));
            continue;
        }
        co_await ok(wal_->flush());
        if (answers_.empty() && inbox_.size() == 0)
            co_await ok(runtime::wait_for(arrived_));
    }
}

task<void> service::run_timer() {
    while (true) {
        result<void> woken;
        auto waiting = runtime::wait_for(rearmed_);
        if (armed_)
            woken = co_await runtime::with_deadline(armed_->at, std::move(waiting));
        else
            woken = co_await waiting;
        if (woken)
            continue;
        if (woken.error().code != errc::timed_out || !armed_)
            co_return;
        const auto t = std::exchange(armed_, std::nullopt)->what;
        answer(core::input(core::timeout_fired{t.height, t.round, t.step}));
    }
}

// ---- inputs ----

task<result<void>> service::take(entry e) {
    if (auto* in = std::get_if<peer_input>(&e))
        return take_peer(std::move(*in));
    if (auto* mine = std::get_if<own_proposal>(&e))
        return take_proposal(std::move(*mine));
    return step(std::get<core::input>(std::move(e)));
}

task<result<void>> service::take_peer(peer_input in) {
    if (!in.message.empty())
        wal_->append(encode_wal(now(), {wal_message{in.message, to_hex(in.from)}}));
    if (auto* part = std::get_if<part_received>(&in.what)) {
        co_await ok(take_part(std::move(*part)));
    } else if (auto* v = std::get_if<core::vote_received>(&in.what)) {
        result<bool> welcome = co_await is_welcome(*v->vote);
        if (!welcome)
            co_return pass(welcome);
        if (*welcome)
            co_await ok(step(core::input(std::move(*v))));
    } else if (auto* p = std::get_if<core::proposal_received>(&in.what)) {
        co_await ok(step(core::input(std::move(*p))));
    } else {
        co_await ok(step(core::input(std::get<core::majority_claimed>(std::move(in.what)))));
    }
    co_return result<void>{};
}

/// Extensions: none where they are not enabled; where they are, the application has to accept them.
task<result<bool>> service::is_welcome(const chain::vote& v) {
    if (v.height != state().height)
        co_return true;
    if (!extensions_at(v.height))
        co_return v.extension.empty() && v.extension_sig.empty();
    if (v.type != chain::vote_type::precommit || v.is_nil())
        co_return true;
    auto unit = co_await app_.acquire();
    if (!unit)
        co_return pass(unit);
    auto answer = co_await parts_.app.verify_vote_extension(app::verify_extension_request(v));
    if (!answer)
        co_return pass(answer, "VerifyVoteExtension");
    if (answer->status == app::abci::proposal_status::unknown)
        co_return fail(errc::fatal,
                       "VerifyVoteExtension: the application answers with an unknown status");
    co_return answer->status == app::abci::proposal_status::accept;
}

task<result<void>> service::take_part(part_received in) {
    if (in.height != state().height || !collecting_ || collecting_->is_complete())
        co_return result<void>{};
    part_news told{in.height, in.part};
    auto added = collecting_->add(std::move(in.part));
    if (!added || !*added)
        co_return result<void>{};
    co_await ok(tell(news(std::move(told))));
    if (!collecting_->is_complete())
        co_return result<void>{};
    const auto bytes_max = parts_.executor.state().params.block.bytes_max();
    auto block = held(std::move(*collecting_), bytes_max);
    collecting_.reset();
    if (!block) {
        log_.info("a complete block is refused", "height", in.height.v, "why", block.error().text);
        co_return result<void>{};
    }
    const core::block_completed done{in.height, block->id(), block->block->header.time};
    blocks_.insert_or_assign(done.id.hash, std::move(*block));
    co_await ok(step(core::input(done)));
    co_return result<void>{};
}

/// The parts of a block that is a little too large are as many as those of the largest that is allowed (addProposalBlockPart).
result<service::held_block> service::held(chain::part_set parts, std::int64_t bytes_max) {
    if (parts.bytes() > bytes_max)
        return fail(errc::too_large, format("it is larger than a block may be ({} > {} bytes)",
                                            parts.bytes(), bytes_max));
    const slice encoded = parts.encoded();
    TRY(auto decoded, chain::decode_block(encoded));
    TRY_VOID(chain::check_shape(decoded));
    return held_block{std::make_shared<const chain::block>(std::move(decoded)), std::move(parts),
                      encoded};
}

/// What the round state names, nothing else: three blocks at most.
void service::forget_blocks() {
    const auto& rs = state();
    std::erase_if(blocks_, [&](const auto& known) {
        for (const auto& c : {rs.proposal_block, rs.locked_block, rs.valid_block})
            if (c && c->id.hash == known.first)
                return false;
        return true;
    });
}

task<result<void>> service::step(core::input in) {
    if (const auto* t = std::get_if<core::timeout_fired>(&in); t && !replaying_)
        wal_->append(encode_wal(
            now(), {wal_timeout{{}, t->height, t->round, static_cast<std::uint32_t>(t->step)}}));
    const height_t before = state().height;
    core::outputs out;
    core_->step(in, now(), out);
    forget_blocks();
    if (state().height != before)
        co_await ok(tell_height());
    for (auto& o : out)
        co_await ok(carry(std::move(o)));
    co_return result<void>{};
}

core::height_start service::next_start() const {
    const auto& s = parts_.executor.state();
    core::height_start next;
    next.height = s.next_height();
    next.validators = s.validators;
    next.last_validators = s.last_validators;
    next.is_initial = next.height == s.initial_height;
    next.needs_proof_block = next.is_initial || proof_needed_;
    next.block_bytes_max = s.params.block.max_bytes;
    return next;
}

bool service::extensions_at(height_t h) const {
    return parts_.executor.state().params.abci.vote_extensions_enabled(h);
}

}  // namespace tetrad::consensus::engine
