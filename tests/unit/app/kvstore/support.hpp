// SPDX-License-Identifier: Apache-2.0
// The built-in application behind its four connections. Included last of our headers.
#pragma once

#include "app/kvstore/kvstore.hpp"
#include "tests/unit/app/support.hpp"

#include <catch2/catch.hpp>

namespace tetrad::app::test {

/// The application behind its connections; with a store where it is the persistent one.
struct kvstore_bench {
    four_shards m;
    std::shared_ptr<storage::memory_disk> disk = std::make_shared<storage::memory_disk>();
    std::unique_ptr<runtime::offload> helper;
    std::unique_ptr<storage::service> service;
    kvstore::publish_port publish{{"publish", 4, 1}, m.consensus, m.api};
    storage::app_write_port writes{{"app_writes", 4, 1}, m.consensus, m.storage};
    abci::connections app;
    height_t height{0};

    explicit kvstore_bench(bool durable = false, std::int64_t retain_blocks = 0,
                           std::shared_ptr<storage::memory_disk> on = {}) {
        if (on)
            disk = std::move(on);
        auto store = storage::test::opened(disk);
        auto rows = store->app_table();
        REQUIRE(error_of(rows) == "");
        auto start = kvstore::state_from_table(*rows);
        REQUIRE(error_of(start) == "");
        height = height_t(start->height);
        helper =
            std::make_unique<runtime::offload>(m.storage, "disk", runtime::offload::mode::inline_);
        service = std::make_unique<storage::service>(std::move(store), *helper, [](error) {});
        service->serve(writes, m.at_storage);
        app = kvstore::connect(std::move(*start), publish,
                               {retain_blocks, durable ? &writes : nullptr});
        kvstore::attach_queries(*app.query, publish, m.at_api);
    }
    ~kvstore_bench() { m.stop(); }

    abci::response_init_chain init(std::vector<chain::validator_update> validators) {
        abci::request_init_chain q;
        q.validators = std::move(validators);
        auto r = m.run(m.at_consensus, app.consensus->init_chain(std::move(q)));
        REQUIRE(error_of(r) == "");
        return *r;
    }
    result<abci::response_finalize_block> finalize(const std::vector<std::string>& txs,
                                                   std::vector<abci::misbehavior> bad = {}) {
        abci::request_finalize_block q;
        for (const auto& t : txs)
            q.txs.push_back(slice(to_bytes(t)));
        q.misbehavior = std::move(bad);
        q.height = (height + 1).v;
        return m.run(m.at_consensus, app.consensus->finalize_block(std::move(q)));
    }
    abci::response_commit commit() {
        auto r = m.run(m.at_consensus, app.consensus->commit());
        REQUIRE(error_of(r) == "");
        ++height;
        m.world.run_idle();
        return *r;
    }
    abci::response_finalize_block block(const std::vector<std::string>& txs,
                                        std::vector<abci::misbehavior> bad = {}) {
        auto r = finalize(txs, std::move(bad));
        REQUIRE(error_of(r) == "");
        commit();
        return *r;
    }
    abci::response_query query(std::string_view data, std::string path = "", bool prove = false) {
        auto r = m.run(m.at_api, app.query->query({to_bytes(data), std::move(path), 0, prove}));
        REQUIRE(error_of(r) == "");
        return *r;
    }
    abci::response_info info() {
        auto r = m.run(m.at_api, app.query->info({}));
        REQUIRE(error_of(r) == "");
        return *r;
    }
    /// What it holds of a validator; nothing where it is none.
    std::optional<chain::validator_update> validator(int key) {
        const auto r = query(text(chain::test::public_key(key).raw()), "/val");
        if (r.value.empty())
            return std::nullopt;
        const auto prefix = wire::read_prefix(r.value);  // as CometBFT's WriteMessage has it
        auto u = wire::decode<chain::validator_update>(byte_view(r.value).subspan(prefix.size));
        REQUIRE(error_of(u) == "");
        return *u;
    }
};

}  // namespace tetrad::app::test
