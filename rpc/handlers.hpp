// SPDX-License-Identifier: Apache-2.0
// The methods. One object on the api shard; its tasks are those of the connections that call. Fills the route table with itself.
#pragma once

#include <map>
#include <memory>

#include "app/ports.hpp"
#include "config/sections.hpp"
#include "rpc/environment.hpp"
#include "rpc/responses.hpp"
#include "rpc/routes.hpp"
#include "runtime/sync.hpp"

namespace tetrad::rpc {

// Arguments, named as in the URL and in JSON parameters.
struct height_arguments {
    std::optional<std::int64_t> height;
    static constexpr auto schema = fields(json_field("height", &height_arguments::height));
};
struct heights_arguments {
    std::int64_t min_height = 0, max_height = 0;
    static constexpr auto schema =
        fields(json_field("minHeight", &heights_arguments::min_height), json_field("maxHeight", &heights_arguments::max_height));
};
struct hash_arguments {
    bytes hash;
    static constexpr auto schema = fields(json_field("hash", &hash_arguments::hash));
};
struct hex_hash_arguments {
    bytes hash;
    static constexpr auto schema = fields(json_field("hash", &hex_hash_arguments::hash, wire::hex));
};
struct page_arguments {
    std::optional<std::int64_t> height, page, per_page;
    static constexpr auto schema = fields(json_field("height", &page_arguments::height), json_field("page", &page_arguments::page),
                                          json_field("per_page", &page_arguments::per_page));
};
struct limit_arguments {
    std::optional<std::int64_t> limit;
    static constexpr auto schema = fields(json_field("limit", &limit_arguments::limit));
};
struct chunk_arguments {
    std::uint64_t chunk = 0;
    static constexpr auto schema = fields(json_field("chunk", &chunk_arguments::chunk));
};
struct tx_arguments {
    bytes tx;
    static constexpr auto schema = fields(json_field("tx", &tx_arguments::tx));
};
struct evidence_arguments {
    chain::evidence evidence;
    static constexpr auto schema = fields(json_field("evidence", &evidence_arguments::evidence));
};
struct tx_hash_arguments {
    bytes hash;
    bool prove = false;
    static constexpr auto schema = fields(json_field("hash", &tx_hash_arguments::hash), json_field("prove", &tx_hash_arguments::prove));
};
struct query_arguments {
    std::string path;
    bytes data;
    std::int64_t height = 0;
    bool prove = false;
    static constexpr auto schema =
        fields(json_field("path", &query_arguments::path), json_field("data", &query_arguments::data, wire::hex),
               json_field("height", &query_arguments::height), json_field("prove", &query_arguments::prove));
};

class handlers {
public:
    handlers(runtime::shard& api, config::rpc_section config, environment env);
    void add_to(route_table& routes);
    void on_block(const std::shared_ptr<const app::block_committed>&);
    void set_catching_up(bool on) { catching_up_ = on; }

private:
    using answer = runtime::task<result<void>>;

    // handlers_info.cpp
    answer status(no_arguments, json::writer&);
    answer net_info(no_arguments, json::writer&);
    answer genesis(no_arguments, json::writer&);
    answer genesis_chunked(chunk_arguments, json::writer&);
    // handlers_chain.cpp
    answer blockchain(heights_arguments, json::writer&);
    answer block(height_arguments, json::writer&);
    answer block_by_hash(hash_arguments, json::writer&);
    answer header(height_arguments, json::writer&);
    answer header_by_hash(hex_hash_arguments, json::writer&);
    answer commit(height_arguments, json::writer&);
    answer block_results(height_arguments, json::writer&);
    answer validators(page_arguments, json::writer&);
    answer consensus_params(height_arguments, json::writer&);
    // handlers_tx.cpp
    answer broadcast_tx_async(tx_arguments, json::writer&);
    answer broadcast_tx_sync(tx_arguments, json::writer&);
    answer broadcast_tx_commit(tx_arguments, json::writer&);
    answer tx(tx_hash_arguments, json::writer&);
    answer broadcast_evidence(evidence_arguments, json::writer&);
    answer unconfirmed_txs(limit_arguments, json::writer&);
    answer num_unconfirmed_txs(no_arguments, json::writer&);
    answer abci_info(no_arguments, json::writer&);
    answer abci_query(query_arguments, json::writer&);

    /// Who waits in broadcast_tx_commit for one transaction.
    struct waiting {
        std::shared_ptr<const app::block_committed> block;  // set when it is in a block
        std::size_t index = 0;
        runtime::event arrived;
    };

    /// The height after the latest, or the latest while we are catching up: what validators and parameters are known for.
    height_t uncommitted_height(const storage::store& s) const { return catching_up_ ? s.height() : s.height() + 1; }

    runtime::shard& here_;
    config::rpc_section config_;
    environment env_;
    bool catching_up_ = true;
    std::multimap<hash256, waiting*> waiting_;
};

/// CometBFT's rule and texts for an optional height argument.
result<height_t> resolve_height(const storage::store& s, height_t latest, std::optional<std::int64_t> asked);
std::size_t resolve_per_page(std::optional<std::int64_t> asked);
result<std::size_t> resolve_page(std::optional<std::int64_t> asked, std::size_t per_page, std::size_t total);

}  // namespace tetrad::rpc
