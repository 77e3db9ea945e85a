// SPDX-License-Identifier: Apache-2.0
#include "app/kvstore/kvstore.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "base/wire/protobuf.hpp"
#include "chain/validator.hpp"

namespace tetrad::app::kvstore {

using runtime::ok;
using runtime::task;

namespace {

constexpr std::string_view validator_prefix = "val=";
constexpr std::string_view pair_prefix = "kvPairKey:";
constexpr std::string_view state_key = "stateKey";

struct state_record {
    std::int64_t size = 0;
    std::int64_t height = 0;
    // As Go's encoding/json writes it: bare numbers.
    static constexpr auto schema = wire::fields(wire::json_field("size", &state_record::size, wire::number),
                                                wire::json_field("height", &state_record::height, wire::number));
};

bool is_validator_tx(byte_view tx) { return text(tx).starts_with(validator_prefix); }

struct validator_change {
    std::string key_type;
    bytes key;
    std::int64_t power = 0;
};

result<validator_change> parse_validator_tx(byte_view tx) {
    const auto parts = split(text(tx).substr(validator_prefix.size()), '!');
    if (parts.size() != 3)
        return fail(errc::invalid, "expected 'pubkeytype!pubkey!power'");
    validator_change change{std::string(parts[0]), {}, 0};
    TRY(change.key, from_base64(parts[1]));
    const bool plus = parts[2].starts_with('+') && !parts[2].starts_with("+-");  // Go's ParseInt takes one
    TRY(change.power, parse_decimal<std::int64_t>(parts[2].substr(plus ? 1 : 0)));
    if (change.power < 0)
        return fail(errc::invalid, "power can not be less than 0");
    return change;
}

bool is_pair(byte_view tx) {
    const auto t = text(tx);
    const auto count = [&](char c) { return std::ranges::count(t, c); };
    const auto inside = [&](char c) { return t.front() != c && t.back() != c; };
    return (count(':') == 1 && count('=') == 0 && inside(':')) || (count('=') == 1 && count(':') == 0 && inside('='));
}

/// Key and value around the one '='; where there is not exactly one, nothing.
std::optional<std::pair<std::string_view, std::string_view>> split_pair(byte_view tx) {
    const auto parts = split(text(tx), '=');
    if (parts.size() != 2)
        return std::nullopt;
    return std::pair(parts[0], parts[1]);
}

abci::event event_of(std::string_view creator, std::string_view key) {
    return {"app",
            {{"creator", std::string(creator), true},
             {"key", std::string(key), true},
             {"index_key", "index is working", true},
             {"noindex_key", "index is working", false}}};
}

std::string validator_key(const crypto::public_key& key) {
    return std::string(validator_prefix) + std::string(text(key.raw()));
}

class consensus_side final : public abci::consensus_connection {
public:
    consensus_side(state start, publish_port& publish, options o) : state_(std::move(start)), publish_(publish), options_(o) {}

    task<result<abci::response_init_chain>> init_chain(abci::request_init_chain q) override {
        for (const auto& v : q.validators)
            update_validator(v);
        abci::response_init_chain r;
        r.app_hash = state_.app_hash();
        co_return r;
    }

    task<result<abci::response_prepare_proposal>> prepare_proposal(abci::request_prepare_proposal q) override {
        abci::response_prepare_proposal r;
        for (const auto& tx : q.txs) {
            if (check(tx).code != abci::code_ok)
                continue;
            bytes rewritten = to_bytes(tx.view());
            if (const auto colon = std::ranges::find(rewritten, ':'); colon != rewritten.end())
                *colon = '=';
            r.txs.emplace_back(std::move(rewritten));
        }
        co_return r;
    }

    task<result<abci::response_process_proposal>> process_proposal(abci::request_process_proposal q) override {
        const bool good = std::ranges::all_of(q.txs, [](const slice& tx) { return check(tx).code == abci::code_ok; });
        co_return abci::response_process_proposal{good ? abci::proposal_status::accept : abci::proposal_status::reject};
    }

    task<result<abci::response_extend_vote>> extend_vote(abci::request_extend_vote) override {
        co_return abci::response_extend_vote{};
    }
    task<result<abci::response_verify_vote_extension>> verify_vote_extension(abci::request_verify_vote_extension) override {
        co_return abci::response_verify_vote_extension{abci::proposal_status::accept};
    }

    task<result<abci::response_finalize_block>> finalize_block(abci::request_finalize_block q) override {
        co_return execute(q);
    }

    task<result<abci::response_commit>> commit() override {
        for (const auto& u : updates_)
            update_validator(u);
        for (auto& [key, value] : staged_)
            put(std::move(key), std::move(value));
        staged_.clear();
        updates_.clear();
        if (options_.durable) {
            const std::string record = json::to_json(state_record{state_.size, state_.height});
            write_.puts.emplace_back(to_bytes(state_key), to_bytes(record));
            storage::app_write write = std::move(write_);
            write_ = storage::app_write();
            result<void> written = co_await options_.durable->call(std::move(write));
            if (!written)
                co_return pass(written, "kvstore");
        }
        result<void> told = co_await publish_.post(std::make_shared<const state>(state_));
        if (!told)
            co_return pass(told);
        abci::response_commit r;
        if (options_.retain_blocks > 0 && state_.height >= options_.retain_blocks)
            r.retain_height = state_.height - options_.retain_blocks + 1;
        co_return r;
    }

private:
    result<abci::response_finalize_block> execute(const abci::request_finalize_block& q) {
        abci::response_finalize_block r;
        updates_.clear();
        staged_.clear();
        for (const auto& m : q.misbehavior) {
            if (m.type != abci::misbehavior_type::duplicate_vote)
                continue;
            TRY(auto key, key_of(m.validator.address));
            punish(std::move(key), power_t(m.validator.power - 1));
        }
        for (const auto& tx : q.txs) {
            const auto pair = split_pair(tx);
            if (is_validator_tx(tx)) {
                auto change = parse_validator_tx(tx);
                if (!change)
                    return fail(errc::fatal, "kvstore: a decided block holds a malformed validator transaction: " + change.error().text);
                TRY(auto key, crypto::public_key::from(change->key_type, change->key));
                updates_.push_back({std::move(key), power_t(change->power)});
            } else if (pair) {
                staged_.emplace_back(std::string(pair_prefix) + std::string(pair->first), std::string(pair->second));
            } else {
                return fail(errc::fatal, "kvstore: a decided block holds a transaction that is not key=value");
            }
            abci::exec_tx_result done;
            done.events.reserve(2);
            done.events.push_back(event_of("Cosmoshi Netowoko", pair ? pair->first : text(tx)));
            done.events.push_back(event_of("Cosmoshi", pair ? pair->second : text(tx)));
            r.tx_results.push_back(std::move(done));
            ++state_.size;
        }
        state_.height = q.height;
        r.validator_updates = updates_;
        r.app_hash = state_.app_hash();
        return r;
    }

    void put(std::string key, std::string value) {
        if (options_.durable)
            write_.puts.emplace_back(to_bytes(key), to_bytes(value));
        state_.table.put(std::move(key), std::move(value));
    }

    /// Once a block, however often it misbehaved. CometBFT's kvstore gives the node two changes of one validator then, which the node
    /// refuses: the chain ends there.
    void punish(crypto::public_key key, power_t power) {
        for (auto& u : updates_)
            if (u.key == key) {
                u.power = std::min(u.power, power);
                return;
            }
        updates_.push_back({std::move(key), power});
    }

    void update_validator(const chain::validator_update& u) {
        const std::string address(text(u.key.address())), key = validator_key(u.key);
        if (u.power.v == 0) {
            state_.table.erase(key);
            state_.validators.erase(address);
            if (options_.durable)
                write_.erases.push_back(to_bytes(key));
        } else {
            put(key, std::string(text(wire::encode_delimited(u))));
            state_.validators.put(address, std::string(text(wire::encode(u.key))));
        }
    }

    result<crypto::public_key> key_of(const crypto::address& address) const {
        const std::string* encoded = state_.validators.find(text(address));
        if (!encoded)
            return fail(errc::fatal, "kvstore: wanted to punish validator " + to_hex_upper(address) + " but can't find it");
        return wire::decode<crypto::public_key>(view(*encoded));
    }

    state state_;
    publish_port& publish_;
    options options_;
    std::vector<chain::validator_update> updates_;
    std::vector<std::pair<std::string, std::string>> staged_;
    storage::app_write write_;
};

class mempool_side final : public abci::mempool_connection {
public:
    task<result<abci::response_check_tx>> check_tx(abci::request_check_tx q) override { co_return check(q.tx); }
    task<result<void>> flush() override { co_return result<void>{}; }
};

class query_side final : public abci::query_connection {
public:
    explicit query_side(std::shared_ptr<const state> start) : snapshot_(std::move(start)) {}
    task<result<void>> publish(std::shared_ptr<const state> s) {
        snapshot_ = std::move(s);
        co_return result<void>{};
    }

    task<result<abci::response_info>> info(abci::request_info) override {
        co_return abci::response_info{format("{{\"size\":{}}}", snapshot_->size), std::string(abci::protocol_version), app_version,
                                      snapshot_->height, snapshot_->app_hash()};
    }

    task<result<abci::response_query>> query(abci::request_query q) override {
        abci::response_query r;
        r.key = q.data;
        const bool validator = q.path == "/val";
        const std::string* value =
            snapshot_->table.find(std::string(validator ? validator_prefix : pair_prefix) + std::string(text(q.data)));
        if (value)
            r.value = to_bytes(*value);
        if (!validator) {
            r.log = value ? "exists" : "does not exist";
            r.height = snapshot_->height;
            r.index = q.prove ? -1 : 0;
        }
        co_return r;
    }

private:
    std::shared_ptr<const state> snapshot_;
};

class snapshot_side final : public abci::snapshot_connection {
public:
    task<result<std::vector<abci::snapshot>>> list_snapshots() override { co_return std::vector<abci::snapshot>{}; }
    task<result<bytes>> load_snapshot_chunk(std::uint64_t, std::uint32_t, std::uint32_t) override { co_return bytes{}; }
};

}  // namespace

bytes state::app_hash() const {
    std::uint8_t scratch[wire::uvarint_max];
    const auto used = wire::put_uvarint(scratch, wire::zigzag(size));
    bytes hash(8);
    std::copy_n(scratch, std::min<std::size_t>(used, hash.size()), hash.begin());
    return hash;
}

abci::response_check_tx check(byte_view tx) {
    const bool good = is_validator_tx(tx) ? parse_validator_tx(tx).has_value() : !tx.empty() && is_pair(tx);
    abci::response_check_tx r;
    r.code = good ? abci::code_ok : code_invalid_format;
    r.gas_wanted = good ? 1 : 0;
    return r;
}

result<state> state_from_table(const std::vector<std::pair<bytes, bytes>>& rows) {
    state s;
    for (const auto& [key, value] : rows) {
        if (text(key) == state_key) {
            auto record = json::from_json<state_record>(text(value));
            if (!record)
                return pass(record, "kvstore: stored state");
            s.size = record->size;
            s.height = record->height;
            continue;
        }
        if (is_validator_tx(key)) {
            const auto prefix = wire::read_prefix(value);
            auto u = wire::decode<chain::validator_update>(byte_view(value).subspan(std::min(prefix.size, value.size())));
            if (!u)
                return pass(u, "kvstore: stored validator");
            if (!u->key.has_key())
                return fail(errc::corrupt, "kvstore: stored validator: no key");
            s.validators.put(std::string(text(u->key.address())), std::string(text(wire::encode(u->key))));
        }
        s.table.put(std::string(text(key)), std::string(text(value)));
    }
    return s;
}

abci::connections connect(state start, publish_port& publish, options o) {
    abci::connections c;
    c.query = std::make_unique<query_side>(std::make_shared<const state>(start));
    c.consensus = std::make_unique<consensus_side>(std::move(start), publish, o);
    c.mempool = std::make_unique<mempool_side>();
    c.snapshot = std::make_unique<snapshot_side>();
    return c;
}

void attach_queries(abci::query_connection& queries, publish_port& publish, runtime::scope& tasks) {
    auto& side = static_cast<query_side&>(queries);
    publish.serve(tasks, [&side](std::shared_ptr<const state> s) { return side.publish(std::move(s)); });
}

}  // namespace tetrad::app::kvstore
