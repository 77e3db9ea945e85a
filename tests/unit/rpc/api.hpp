// SPDX-License-Identifier: Apache-2.0
// The methods of the api shard over a store in memory, with a mempool and an application that say what the test has told them.
// Included last of our headers: Catch's CHECK takes the place of ours from here on.
#pragma once

#include "rpc/handlers.hpp"
#include "tests/unit/runtime/sim/support.hpp"
#include "tests/unit/storage/stored_chain.hpp"

#include <memory>
#include <string>

#include <catch2/catch.hpp>

namespace tetrad::rpc::test {

using runtime::task;

class fake_application final : public app::abci::query_connection {
public:
    std::vector<app::abci::request_query> queries;
    result<app::abci::response_query> answer;

    task<result<app::abci::response_info>> info(app::abci::request_info) override {
        co_return app::abci::response_info{"data", "version", 3, 7, to_bytes("app hash")};
    }
    task<result<app::abci::response_query>> query(app::abci::request_query q) override {
        queries.push_back(std::move(q));
        co_return answer;
    }
};

class api {
public:
    runtime::sim::world world{1};
    runtime::sim::testing::process node{
        world.add_host("node", "10.0.0.1")};  // its shard is the api's
    runtime::shard storage{node.on, 1, "storage"}, network{node.on, 2, "network"};
    runtime::scope storage_tasks{storage}, network_tasks{network};

    storage::test::stored_chain stored;
    storage::read_port reads{{"reads", 16, 8}, node.here, storage};
    app::submit_port submits{{"submits", 16, 8}, node.here, network};
    app::list_port lists{{"lists", 4}, node.here, network};
    consensus::evidence::submit_port evidence{{"evidence", 4}, node.here, network};
    p2p::status_port status{{"status", 4}, node.here, network};
    fake_application application;

    std::vector<app::submit_tx> submitted;
    result<app::submitted_tx> checked = app::submitted_tx{};  // the id is filled in
    std::vector<chain::evidence> accused;
    result<void> added;  // the answer to evidence
    std::vector<app::list_txs> listed;
    app::listed_txs pool;
    std::vector<std::string> damage;  // that reads met: the storage shard halts the node for it

    std::unique_ptr<handlers> methods;
    route_table routes;

    explicit api(const std::vector<chain::test::key_power>& validators = {{1, 10}, {2, 7}})
        : stored(validators) {
        reads.serve(storage_tasks, [this](storage::read_job j) { return read(j); });
        submits.serve(network_tasks, [this](app::submit_tx q) { return submit(std::move(q)); });
        lists.serve(network_tasks, [this](app::list_txs q) { return list(q); });
        evidence.serve(network_tasks, [this](chain::evidence e) { return accuse(std::move(e)); });
        status.serve(network_tasks, [](p2p::ask_status) { return network_status(); });
        begin({}, {});
    }
    ~api() {
        node.stop();
        world.run_idle();
    }

    environment surroundings() {
        return {storage::client(reads),     submits, lists, evidence, status, application, {}, {}, "",
                R"({"chain_id":"growing"})"};
    }
    /// Methods anew, with another configuration.
    void begin(config::rpc_section config, const std::function<void(environment&)>& change) {
        environment env = surroundings();
        if (change)
            change(env);
        routes.clear();
        methods = std::make_unique<handlers>(node.here, std::move(config), std::move(env));
        methods->add_to(routes);
    }
    /// As when consensus has committed it.
    void committed(const chain::block& b, const app::abci::response_finalize_block& response,
                   bool catching_up = false) {
        methods->set_catching_up(catching_up);
        methods->on_block(std::make_shared<const app::block_committed>(app::block_committed{
            b.header.height, stored.chain.id_of(b), std::make_shared<const chain::block>(b),
            std::make_shared<const app::abci::response_finalize_block>(response)}));
    }
    /// `blocks` with two transactions each: "tx 3.0", "tx 3.1".
    void grow(int blocks, bool keep_responses = true) {
        if (stored.in->height() == height_t(0))
            stored.begin();
        for (int i = 0; i < blocks; ++i) {
            const auto height = stored.chain.state.last_block_height.v + 1;
            std::vector<chain::tx> txs;
            for (const int n : {0, 1})
                txs.push_back(slice(to_bytes(format("tx {}.{}", height, n))));
            committed(stored.grow(std::move(txs), response_at(height), keep_responses),
                      response_at(height));
        }
    }
    static app::abci::response_finalize_block response_at(std::int64_t height) {
        app::abci::response_finalize_block r;
        r.tx_results.resize(2);
        for (std::size_t n = 0; n < 2; ++n)
            r.tx_results[n].log = format("log {}.{}", height, n);
        r.app_hash = to_bytes(format("hash {}", height));
        return r;
    }

    /// The result's JSON, or "error: " and its text.
    std::string call(const std::string& method, const std::string& params = "{}") {
        return node.run(called(*routes.at(method), params));
    }
    /// The same, with what happens meanwhile.
    void start(const std::string& method, const std::string& params, std::string& answer) {
        node.tasks.spawn(keep_answer(*routes.at(method), params, answer));
        world.run_for(100ms);
    }

private:
    static task<std::string> called(const route& method, std::string params) {
        const auto parsed = json::parse(params);
        if (!parsed)
            co_return "error: " + parsed.error().text;
        auto bound = method.bind(parsed->root());
        if (!bound)
            co_return "error: " + bound.error().text;
        std::string out;
        json::writer w(out);
        auto running = bound->run(w);
        result<void> done = co_await running;
        if (!done)
            out = "error: " + done.error().text;
        co_return out;
    }
    static task<void> keep_answer(const route& method, std::string params, std::string& answer) {
        auto calling = called(method, std::move(params));
        answer = co_await calling;
    }
    task<result<void>> read(storage::read_job j) {
        result<void> done = j.call(j.work, *stored.in);
        if (!done && done.error().code == errc::corrupt)
            damage.push_back(done.error().text);
        co_return done;
    }
    task<result<app::submitted_tx>> submit(app::submit_tx q) {
        result<app::submitted_tx> answer = checked;
        if (answer)
            answer->id = chain::tx_hash(q.tx);
        submitted.push_back(std::move(q));
        co_return answer;
    }
    task<result<void>> accuse(chain::evidence e) {
        accused.push_back(std::move(e));
        co_return added;
    }
    task<result<app::listed_txs>> list(app::list_txs q) {
        listed.push_back(q);
        app::listed_txs out = pool;
        if (out.txs.size() > q.limit)
            out.txs.resize(q.limit);
        co_return out;
    }
    static task<result<p2p::network_status>> network_status() { co_return p2p::network_status{}; }
};

/// One member of an answer, as it stands there: "block.header.height".
inline std::string member(const std::string& answer, std::string_view path) {
    const auto parsed = json::parse(answer);
    if (!parsed)
        return answer;
    auto at = parsed->root();
    for (const auto name : split(path, '.')) {
        const auto next = at.find(name);
        if (!next)
            return "none in " + answer;
        at = *next;
    }
    return std::string(at.raw());
}

inline std::string at_height(std::int64_t h) { return format(R"({{"height":"{}"}})", h); }

inline std::string base64_of(std::string_view text) { return to_base64(view(text)); }

}  // namespace tetrad::rpc::test
