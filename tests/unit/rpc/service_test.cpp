// SPDX-License-Identifier: Apache-2.0
#include "rpc/service.hpp"

#include "tests/unit/rpc/api.hpp"
#include "tests/unit/rpc/http/site.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::rpc;
using namespace tetrad::rpc::test;

namespace {

/// The service on the shard of an api, and a client on another host.
struct served {
    api a;
    runtime::sim::testing::process client{a.world.add_host("client", "10.0.0.2")};
    std::unique_ptr<service> running;

    explicit served(config::rpc_section config)
        : running(std::make_unique<service>(a.node.here, std::move(config), a.surroundings(),
                                            logger{})) {}
    ~served() { a.node.run(stopped(*running)); }

    result<std::vector<runtime::endpoint>> start() { return a.node.run(running->start()); }
    std::string get(const runtime::endpoint& at, const std::string& path) {
        return client.run(asked(at, path));
    }

private:
    static task<bool> stopped(service& s) {
        co_await s.stop();
        co_return true;
    }
    static task<std::string> asked(runtime::endpoint at, std::string path) {
        result<runtime::tcp_stream> stream = co_await runtime::tcp_connect(at);
        if (!stream)
            co_return stream.error().text;
        const std::string text =
            "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        result<void> sent = co_await stream->write_all(view(text));
        if (!sent)
            co_return sent.error().text;
        std::string heard;
        bytes buffer(4096);
        for (;;) {
            result<std::size_t> got = co_await stream->read_some(byte_span(buffer));
            if (!got || *got == 0)
                break;
            heard.append(tetrad::text(byte_view(buffer).first(*got)));
        }
        const auto body = heard.find("\r\n\r\n");
        heard.erase(0, body == heard.npos ? 0 : body + 4);
        co_return heard;
    }
};

config::rpc_section at(std::string laddr) {
    config::rpc_section c;
    c.laddr = std::move(laddr);
    return c;
}

}  // namespace

TEST_CASE("every address that is listed is served, and none where none is") {
    served s(at("tcp://10.0.0.1:26657, tcp://10.0.0.1:26660"));
    const auto where = s.start();
    REQUIRE(where);
    REQUIRE(where->size() == 2);
    for (const auto& each : *where)
        CHECK(s.get(each, "/health") == R"({"jsonrpc":"2.0","id":-1,"result":{}})");
    served none(at(""));
    CHECK(none.start()->empty());
}

TEST_CASE("an address that cannot be listened on is said with its setting") {
    for (const auto* laddr : {"tcp://10.0.0.1", "tcp://10.0.0.1:99999", "tcp://10.9.9.9:26657"}) {
        served s(at(laddr));
        const auto where = s.start();
        REQUIRE_FALSE(where);
        INFO(where.error().text);
        CHECK((where.error().text.find("rpc.laddr") != std::string::npos ||
               where.error().text.find(laddr) != std::string::npos));
    }
}

TEST_CASE("an answer may take longer than a request, as long as broadcast_tx_commit waits") {
    auto config = at("tcp://10.0.0.1:26657");
    config.timeout_broadcast_tx_commit = 60s;
    served s(config);
    const auto where = s.start();
    REQUIRE(where);
    const auto begin = s.a.world.now();
    const auto heard = s.get(where->front(), "/broadcast_tx_commit?tx=\"never\"");
    CHECK(heard.find("timed out waiting for tx to be included in a block") != heard.npos);
    CHECK(s.a.world.now() - begin >= 60s);
    CHECK(s.a.world.now() - begin < 62s);
}

TEST_CASE("a block that is committed reaches who waits for it over HTTP") {
    served s(at("tcp://10.0.0.1:26657"));
    const auto where = s.start();
    REQUIRE(where);
    s.a.world.at(s.a.world.now() + 3s, [&] {
        auto block = std::make_shared<chain::block>();
        block->header.height = height_t(1);
        block->data.txs = {slice(to_bytes("mine"))};
        auto response = std::make_shared<app::abci::response_finalize_block>();
        response->tx_results.resize(1);
        s.running->on_block(std::make_shared<const app::block_committed>(
            app::block_committed{height_t(1), {}, std::move(block), std::move(response)}));
    });
    const auto heard = s.get(where->front(), "/broadcast_tx_commit?tx=\"mine\"");
    CHECK(heard.find(R"("height":"1")") != heard.npos);
}
