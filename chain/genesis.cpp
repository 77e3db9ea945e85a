// SPDX-License-Identifier: Apache-2.0
#include "chain/genesis.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

constexpr json::limits genesis_limits{.bytes_max = 1u << 30, .depth_max = 1000};

// What the Cosmos SDK's AppGenesis holds under "consensus".
struct sdk_consensus {
    std::vector<genesis_validator> validators;
    std::optional<consensus_params> params;
    static constexpr auto schema =
        fields(wire::json_field("validators", &sdk_consensus::validators, wire::omit_empty),
               wire::json_field("params", &sdk_consensus::params, wire::omit_empty));
};

struct sdk_genesis {
    timestamp time;
    std::string chain_id;
    bytes app_hash;  // base64
    bytes app_state;
    sdk_consensus consensus;
    static constexpr auto schema = fields(
        wire::json_field("genesis_time", &sdk_genesis::time),
        wire::json_field("chain_id", &sdk_genesis::chain_id),
        wire::json_field("app_hash", &sdk_genesis::app_hash),
        wire::json_field("app_state", &sdk_genesis::app_state, wire::omit_empty | wire::raw_json),
        wire::json_field("consensus", &sdk_genesis::consensus));
};

// A bare number, or a string as CometBFT writes it.
result<height_t> read_height(const json::value& root) {
    const auto member = root.find("initial_height");
    if (!member || member->is_null())
        return height_t();
    std::int64_t h = 0;
    TRY_VOID(json::read(*member, h, member->is(json::kind::number) ? wire::number : wire::plain));
    return height_t(h);
}

result<genesis_doc> read_sdk_genesis(const json::value& root) {
    sdk_genesis from;
    TRY_VOID(json::read(root, from));
    TRY(const height_t initial, read_height(root));
    return genesis_doc{from.time,
                       std::move(from.chain_id),
                       initial,
                       std::move(from.consensus.params),
                       std::move(from.consensus.validators),
                       std::move(from.app_hash),
                       std::move(from.app_state)};
}

}  // namespace

std::string to_string(const genesis_validator& v) {
    return format("{{{} {} {} {}}}", to_hex_upper(v.address), to_string(v.key), v.power.v, v.name);
}

result<genesis_doc> genesis_from_json(std::string_view text) {
    TRY(const auto parsed, json::parse(text, genesis_limits));
    const auto root = parsed.root();
    if (const auto consensus = root.find("consensus");
        consensus && consensus->is(json::kind::object) && !root.find("consensus_params"))
        return read_sdk_genesis(root);
    genesis_doc doc;
    TRY_VOID(json::read(root, doc));
    return doc;
}

std::string genesis_to_json(const genesis_doc& doc) { return json::to_json_indented(doc); }

result<validator_set> genesis_doc::initial_validators() const {
    std::vector<validator> members;
    members.reserve(validators.size());
    for (const auto& v : validators)
        members.push_back(validator::of(v.key, v.power));
    auto set = validator_set::make(members);
    if (!set)
        return pass(set, "Cannot create validator set");
    return set;
}

result<void> validate_and_complete(genesis_doc& doc, timestamp now) {
    if (doc.chain_id.empty())
        return invalid("genesis doc must include non-empty chain_id");
    if (doc.chain_id.size() > chain_id_size_max)
        return invalid(format("chain_id in genesis doc is too long (max: {})", chain_id_size_max));
    if (doc.initial_height.v < 0)
        return invalid(format("initial_height cannot be negative (got {})", doc.initial_height.v));
    if (doc.initial_height.v == 0)
        doc.initial_height = height_t(1);
    if (!doc.params)
        doc.params = consensus_params::defaults();
    else
        TRY_VOID(check_shape(*doc.params));

    for (auto& v : doc.validators) {
        if (!v.key.has_key())
            return invalid("the genesis file cannot contain validators without a public key: " +
                           to_string(v));
        if (v.power.v == 0)
            return invalid("the genesis file cannot contain validators with no voting power: " +
                           to_string(v));
        const auto derived = v.key.address();
        if (!v.address.empty() && v.address != derived)
            return invalid(
                format("incorrect address for validator {} in the genesis file, should be {}",
                       to_string(v), to_hex_upper(derived)));
        v.address = derived;
    }
    if (doc.time.is_zero())
        doc.time = now;
    return {};
}

}  // namespace tetrad::chain
