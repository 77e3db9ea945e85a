// SPDX-License-Identifier: Apache-2.0
// ABCI 2.0 (tendermint.abci): what a node and its application say to each other, one field list each. Used in process, on the
// socket, in the state store and in RPC answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/crypto/keys.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "base/wire/schema.hpp"
#include "chain/params.hpp"
#include "chain/update_state.hpp"

namespace tetrad::app::abci {

using wire::field;
using wire::fields;
using namespace wire;  // the attributes

constexpr std::uint32_t code_ok = 0;
constexpr std::string_view protocol_version = "2.0.0";

struct event_attribute {
    std::string key;
    std::string value;
    bool index = false;
    static constexpr auto schema = fields(field<1>("key", &event_attribute::key), field<2>("value", &event_attribute::value),
                                          field<3>("index", &event_attribute::index));
    bool operator==(const event_attribute&) const = default;
};

struct event {
    std::string type;
    std::vector<event_attribute> attributes;
    static constexpr auto schema = fields(field<1>("type", &event::type, omit_empty),
                                          field<2>("attributes", &event::attributes, omit_empty));
    bool operator==(const event&) const = default;
};

/// JSON: written in full (an application's answer looks the same whatever it left empty).
struct exec_tx_result {
    std::uint32_t code = 0;
    bytes data;
    std::string log;
    std::string info;
    std::int64_t gas_wanted = 0;
    std::int64_t gas_used = 0;
    std::vector<event> events;
    std::string codespace;
    static constexpr bool json_emit_defaults = true;
    static constexpr auto schema = fields(
        field<1>("code", &exec_tx_result::code, omit_empty), field<2>("data", &exec_tx_result::data, omit_empty),
        field<3>("log", &exec_tx_result::log, omit_empty), field<4>("info", &exec_tx_result::info, omit_empty),
        field<5>("gas_wanted", &exec_tx_result::gas_wanted, omit_empty),
        field<6>("gas_used", &exec_tx_result::gas_used, omit_empty),
        field<7>("events", &exec_tx_result::events, omit_empty),
        field<8>("codespace", &exec_tx_result::codespace, omit_empty));
    bool operator==(const exec_tx_result&) const = default;
};

struct tx_result {
    std::int64_t height = 0;
    std::uint32_t index = 0;
    slice tx;
    exec_tx_result result;
    static constexpr auto schema =
        fields(field<1>("height", &tx_result::height, omit_empty), field<2>("index", &tx_result::index, omit_empty),
               field<3>("tx", &tx_result::tx, omit_empty), field<4>("result", &tx_result::result));
};

struct validator {
    crypto::address address;
    std::int64_t power = 0;
    static constexpr auto schema = fields(field<1>("address", &validator::address), field<3>("power", &validator::power));
    bool operator==(const validator&) const = default;
};

enum class block_id_flag : std::int32_t { unknown = 0, absent = 1, commit = 2, nil = 3 };

struct vote_info {
    abci::validator validator;
    abci::block_id_flag block_id_flag{};
    static constexpr auto schema =
        fields(field<1>("validator", &vote_info::validator), field<3>("block_id_flag", &vote_info::block_id_flag));
};

struct commit_info {
    std::int32_t round = 0;
    std::vector<vote_info> votes;
    static constexpr auto schema = fields(field<1>("round", &commit_info::round), field<2>("votes", &commit_info::votes));
};

struct extended_vote_info {
    abci::validator validator;
    bytes vote_extension;
    bytes extension_signature;
    abci::block_id_flag block_id_flag{};
    static constexpr auto schema = fields(
        field<1>("validator", &extended_vote_info::validator), field<3>("vote_extension", &extended_vote_info::vote_extension),
        field<4>("extension_signature", &extended_vote_info::extension_signature),
        field<5>("block_id_flag", &extended_vote_info::block_id_flag));
};

struct extended_commit_info {
    std::int32_t round = 0;
    std::vector<extended_vote_info> votes;
    static constexpr auto schema =
        fields(field<1>("round", &extended_commit_info::round), field<2>("votes", &extended_commit_info::votes));
};

enum class misbehavior_type : std::int32_t { unknown = 0, duplicate_vote = 1, light_client_attack = 2 };

struct misbehavior {
    misbehavior_type type{};
    abci::validator validator;
    std::int64_t height = 0;
    timestamp time;
    std::int64_t total_voting_power = 0;
    static constexpr auto schema =
        fields(field<1>("type", &misbehavior::type), field<2>("validator", &misbehavior::validator),
               field<3>("height", &misbehavior::height), field<4>("time", &misbehavior::time),
               field<5>("total_voting_power", &misbehavior::total_voting_power));
};

struct snapshot {
    std::uint64_t height = 0;
    std::uint32_t format = 0;
    std::uint32_t chunks = 0;
    bytes hash;
    bytes metadata;
    static constexpr auto schema =
        fields(field<1>("height", &snapshot::height), field<2>("format", &snapshot::format),
               field<3>("chunks", &snapshot::chunks), field<4>("hash", &snapshot::hash), field<5>("metadata", &snapshot::metadata));
};

// ---- query connection ----

struct request_info {
    std::string version;
    std::uint64_t block_version = 0;
    std::uint64_t p2p_version = 0;
    std::string abci_version;
    static constexpr auto schema =
        fields(field<1>("version", &request_info::version), field<2>("block_version", &request_info::block_version),
               field<3>("p2p_version", &request_info::p2p_version), field<4>("abci_version", &request_info::abci_version));
};
struct response_info {
    std::string data;
    std::string version;
    std::uint64_t app_version = 0;
    std::int64_t last_block_height = 0;
    bytes last_block_app_hash;
    static constexpr auto schema = fields(
        field<1>("data", &response_info::data, omit_empty), field<2>("version", &response_info::version, omit_empty),
        field<3>("app_version", &response_info::app_version, omit_empty),
        field<4>("last_block_height", &response_info::last_block_height, omit_empty),
        field<5>("last_block_app_hash", &response_info::last_block_app_hash, omit_empty));
};

struct request_query {
    bytes data;
    std::string path;
    std::int64_t height = 0;
    bool prove = false;
    static constexpr auto schema = fields(field<1>("data", &request_query::data), field<2>("path", &request_query::path),
                                          field<3>("height", &request_query::height), field<4>("prove", &request_query::prove));
};
struct proof_op {
    std::string type;
    bytes key;
    bytes data;
    static constexpr auto schema =
        fields(field<1>("type", &proof_op::type), field<2>("key", &proof_op::key), field<3>("data", &proof_op::data));
};
struct proof_ops {
    std::vector<proof_op> ops;
    static constexpr auto schema = fields(field<1>("ops", &proof_ops::ops));
};
struct response_query {
    std::uint32_t code = 0;
    std::string log;
    std::string info;
    std::int64_t index = 0;
    bytes key;
    bytes value;
    std::optional<abci::proof_ops> proof_ops;
    std::int64_t height = 0;
    std::string codespace;
    static constexpr bool json_emit_defaults = true;
    static constexpr auto schema = fields(
        field<1>("code", &response_query::code), field<3>("log", &response_query::log), field<4>("info", &response_query::info),
        field<5>("index", &response_query::index), field<6>("key", &response_query::key),
        field<7>("value", &response_query::value), field<8>("proofOps", &response_query::proof_ops),
        field<9>("height", &response_query::height), field<10>("codespace", &response_query::codespace));
};

// ---- mempool connection ----

enum class check_tx_type : std::int32_t { fresh = 0, recheck = 1 };

struct request_check_tx {
    slice tx;
    check_tx_type type{};
    static constexpr auto schema = fields(field<1>("tx", &request_check_tx::tx), field<2>("type", &request_check_tx::type));
};
struct response_check_tx {
    std::uint32_t code = 0;
    bytes data;
    std::string log;
    std::string info;
    std::int64_t gas_wanted = 0;
    std::int64_t gas_used = 0;
    std::vector<event> events;
    std::string codespace;
    static constexpr bool json_emit_defaults = true;
    static constexpr auto schema = fields(
        field<1>("code", &response_check_tx::code), field<2>("data", &response_check_tx::data),
        field<3>("log", &response_check_tx::log), field<4>("info", &response_check_tx::info),
        field<5>("gas_wanted", &response_check_tx::gas_wanted), field<6>("gas_used", &response_check_tx::gas_used),
        field<7>("events", &response_check_tx::events), field<8>("codespace", &response_check_tx::codespace));
};

// ---- consensus connection ----

struct request_init_chain {
    timestamp time;
    std::string chain_id;
    std::optional<chain::consensus_params> consensus_params;
    std::vector<chain::validator_update> validators;
    bytes app_state_bytes;
    std::int64_t initial_height = 0;
    static constexpr auto schema = fields(
        field<1>("time", &request_init_chain::time), field<2>("chain_id", &request_init_chain::chain_id),
        field<3>("consensus_params", &request_init_chain::consensus_params),
        field<4>("validators", &request_init_chain::validators),
        field<5>("app_state_bytes", &request_init_chain::app_state_bytes),
        field<6>("initial_height", &request_init_chain::initial_height));
};
struct response_init_chain {
    std::optional<chain::consensus_params_update> consensus_params;
    std::vector<chain::validator_update> validators;
    bytes app_hash;
    static constexpr auto schema = fields(field<1>("consensus_params", &response_init_chain::consensus_params),
                                          field<2>("validators", &response_init_chain::validators),
                                          field<3>("app_hash", &response_init_chain::app_hash));
};

struct request_prepare_proposal {
    std::int64_t max_tx_bytes = 0;
    std::vector<slice> txs;
    extended_commit_info local_last_commit;
    std::vector<abci::misbehavior> misbehavior;
    std::int64_t height = 0;
    timestamp time;
    bytes next_validators_hash;
    crypto::address proposer_address;
    static constexpr auto schema = fields(
        field<1>("max_tx_bytes", &request_prepare_proposal::max_tx_bytes), field<2>("txs", &request_prepare_proposal::txs),
        field<3>("local_last_commit", &request_prepare_proposal::local_last_commit),
        field<4>("misbehavior", &request_prepare_proposal::misbehavior),
        field<5>("height", &request_prepare_proposal::height), field<6>("time", &request_prepare_proposal::time),
        field<7>("next_validators_hash", &request_prepare_proposal::next_validators_hash),
        field<8>("proposer_address", &request_prepare_proposal::proposer_address));
};
struct response_prepare_proposal {
    std::vector<slice> txs;
    static constexpr auto schema = fields(field<1>("txs", &response_prepare_proposal::txs));
};

enum class proposal_status : std::int32_t { unknown = 0, accept = 1, reject = 2 };
struct request_process_proposal {
    std::vector<slice> txs;
    commit_info proposed_last_commit;
    std::vector<abci::misbehavior> misbehavior;
    bytes hash;
    std::int64_t height = 0;
    timestamp time;
    bytes next_validators_hash;
    crypto::address proposer_address;
    static constexpr auto schema = fields(
        field<1>("txs", &request_process_proposal::txs),
        field<2>("proposed_last_commit", &request_process_proposal::proposed_last_commit),
        field<3>("misbehavior", &request_process_proposal::misbehavior), field<4>("hash", &request_process_proposal::hash),
        field<5>("height", &request_process_proposal::height), field<6>("time", &request_process_proposal::time),
        field<7>("next_validators_hash", &request_process_proposal::next_validators_hash),
        field<8>("proposer_address", &request_process_proposal::proposer_address));
};
struct response_process_proposal {
    proposal_status status{};
    static constexpr auto schema = fields(field<1>("status", &response_process_proposal::status));
};

struct request_extend_vote {
    bytes hash;
    std::int64_t height = 0;
    timestamp time;
    std::vector<slice> txs;
    commit_info proposed_last_commit;
    std::vector<abci::misbehavior> misbehavior;
    bytes next_validators_hash;
    crypto::address proposer_address;
    static constexpr auto schema = fields(
        field<1>("hash", &request_extend_vote::hash), field<2>("height", &request_extend_vote::height),
        field<3>("time", &request_extend_vote::time), field<4>("txs", &request_extend_vote::txs),
        field<5>("proposed_last_commit", &request_extend_vote::proposed_last_commit),
        field<6>("misbehavior", &request_extend_vote::misbehavior),
        field<7>("next_validators_hash", &request_extend_vote::next_validators_hash),
        field<8>("proposer_address", &request_extend_vote::proposer_address));
};
struct response_extend_vote {
    bytes vote_extension;
    static constexpr auto schema = fields(field<1>("vote_extension", &response_extend_vote::vote_extension));
};
struct request_verify_vote_extension {
    bytes hash;
    crypto::address validator_address;
    std::int64_t height = 0;
    bytes vote_extension;
    static constexpr auto schema =
        fields(field<1>("hash", &request_verify_vote_extension::hash),
               field<2>("validator_address", &request_verify_vote_extension::validator_address),
               field<3>("height", &request_verify_vote_extension::height),
               field<4>("vote_extension", &request_verify_vote_extension::vote_extension));
};
struct response_verify_vote_extension {
    proposal_status status{};
    static constexpr auto schema = fields(field<1>("status", &response_verify_vote_extension::status));
};

struct request_finalize_block {
    std::vector<slice> txs;
    commit_info decided_last_commit;
    std::vector<abci::misbehavior> misbehavior;
    bytes hash;
    std::int64_t height = 0;
    timestamp time;
    bytes next_validators_hash;
    crypto::address proposer_address;
    static constexpr auto schema = fields(
        field<1>("txs", &request_finalize_block::txs),
        field<2>("decided_last_commit", &request_finalize_block::decided_last_commit),
        field<3>("misbehavior", &request_finalize_block::misbehavior), field<4>("hash", &request_finalize_block::hash),
        field<5>("height", &request_finalize_block::height), field<6>("time", &request_finalize_block::time),
        field<7>("next_validators_hash", &request_finalize_block::next_validators_hash),
        field<8>("proposer_address", &request_finalize_block::proposer_address));
};
struct response_finalize_block {
    std::vector<event> events;
    std::vector<exec_tx_result> tx_results;
    std::vector<chain::validator_update> validator_updates;
    std::optional<chain::consensus_params_update> consensus_param_updates;
    bytes app_hash;
    static constexpr auto schema = fields(
        field<1>("events", &response_finalize_block::events, omit_empty),
        field<2>("tx_results", &response_finalize_block::tx_results, omit_empty),
        field<3>("validator_updates", &response_finalize_block::validator_updates, null_empty),
        field<4>("consensus_param_updates", &response_finalize_block::consensus_param_updates, omit_empty),
        field<5>("app_hash", &response_finalize_block::app_hash, omit_empty));
};

struct response_commit {
    std::int64_t retain_height = 0;
    static constexpr auto schema = fields(field<3>("retain_height", &response_commit::retain_height));
};

}  // namespace tetrad::app::abci
