// SPDX-License-Identifier: Apache-2.0
#include "tests/net/report.hpp"

#include "base/text.hpp"

#include <cstdio>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::net;

namespace {

/// What a shell makes of one word.
std::string through_a_shell(const std::string& word) {
    const std::string command = "printf %s " + word;
    std::FILE* out = ::popen(command.c_str(), "r");
    REQUIRE(out);
    std::string text;
    for (int c; (c = std::fgetc(out)) != EOF;)
        text += static_cast<char>(c);
    ::pclose(out);
    return text;
}

}  // namespace

TEST_CASE("a quoted word comes through a shell as it was") {
    for (const char* word : {"http://127.0.0.1:26657/broadcast_tx_commit?tx=\"name=tetrad\"", "",
                             "it's", "'", "$HOME `x` \\ \n * & ?"})
        CHECK(through_a_shell(shell_word(word)) == word);
}

TEST_CASE("the welcome names every node, and each of its curl lines is one shell word") {
    auto where = folder::make("");
    REQUIRE(where);
    const std::vector<node> nodes{
        {.name = "node0", .home = {}, .log = {}, .id = "aa", .p2p_port = 1, .rpc_port = 2},
        {.name = "node1", .home = {}, .log = {}, .id = "bb", .p2p_port = 3, .rpc_port = 4}};
    for (const bool indexes : {true, false}) {
        const auto said = welcome(nodes, *where, indexes);
        CHECK(said.find("rpc http://127.0.0.1:2   p2p aa@127.0.0.1:1") != said.npos);
        CHECK(said.find("rpc http://127.0.0.1:4   p2p bb@127.0.0.1:3") != said.npos);
        CHECK(said.find(where->path()) != said.npos);
        CHECK(said.find("curl -s 'http://127.0.0.1:2/broadcast_tx_commit?tx=\"name=tetrad\"'\n") !=
              said.npos);
        // The SHA-256 of name=tetrad.
        CHECK((said.find("/tx?hash="
                         "0xEF1DDE48642B16E56751E6052A1270C65CE033359FA8DDA10E125633FFDD0724'\n") !=
               said.npos) == indexes);
        CHECK((said.find("/abci_query?data=\"name\"'\n") != said.npos) == !indexes);
    }
}

TEST_CASE("a line's figures stand below their names") {
    for (const bool loaded : {false, true})
        for (const std::size_t nodes : {1u, 4u, 12u}) {
            second s;
            s.height = 12'345'678;
            s.txs = 4321.4;
            if (loaded)
                s.waiting = 99;
            s.nodes.assign(nodes, {.cpu = 12.3, .memory = 300 << 20});
            const auto above = heading(nodes, loaded), below = line(s);
            INFO(above << below);
            CHECK(above.find("tx/s") + 4 == below.find(" 4321") + 5);
            CHECK(above.find("peers") + 5 == below.find("?") + 1);
            CHECK(above.find("MiB") == below.find("300"));
        }
}

TEST_CASE("the summary says what was counted") {
    summary s;
    s.elapsed = s.measured = 10s;
    s.first_height = 4;
    s.last_height = 13;
    s.interval = 1020ms;
    s.txs = 5000;
    s.nodes = {{400ms, 0, 50 << 20}, {600ms, 0, 60 << 20}};
    s.loopback_bytes = 12'000;
    CHECK(text(s).find("commit latency") == std::string::npos);
    s.load = summary::loaded{500, 3, 7, 610ms, {}};
    const auto said = text(s);
    for (const char* part :
         {"heights 4 to 13: a block every 1.020 s",
          "5000 in blocks, 500.0 a second of 500 offered; 3 refused, 7 in no block",
          "p50 0.61 s, p99 over the end", "0.200 s per 1000 transactions", "40.0 60.0 ms a second",
          "50 60 MiB", "1200 bytes a second"}) {
        INFO(part << " in\n" << said);
        CHECK(said.find(part) != said.npos);
    }
}

TEST_CASE("the tail of a log is its last lines") {
    CHECK(tail("a\nb\nc\n", 2) == "    | b\n    | c\n");
    CHECK(tail("a\n", 2) == "    | a\n");
}
