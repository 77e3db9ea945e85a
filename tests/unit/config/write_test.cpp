// SPDX-License-Identifier: Apache-2.0
#include "config/write.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "config/comments.hpp"
#include "config/load.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace tetrad;
using namespace tetrad::config;

namespace {

/// The lines that say something: no comments, no blank ones.
std::vector<std::string> statements(const std::string& toml) {
    std::vector<std::string> out;
    for (const auto line : split(toml, '\n'))
        if (!line.empty() && line[0] != '#')
            out.emplace_back(line);
    return out;
}

std::string cometbft_default() {
    std::ostringstream out;
    out << std::ifstream(TETRAD_TESTS_DIR "/unit/config/data/cometbft_default.toml").rdbuf();
    return out.str();
}

}  // namespace

TEST_CASE(
    "the default file has CometBFT's sections, keys and values in its order, and ours at the end") {
    settings s;
    s.base.version = "0.38.25";
    s.base.moniker = "a-machine";
    auto ours = statements(to_toml(s));
    REQUIRE(ours.size() > 4);
    REQUIRE(std::vector(ours.end() - 4, ours.end()) ==
            std::vector<std::string>{"[shards]", "placement = \"\"", "rotate = 0", "spin_us = 0"});
    ours.resize(ours.size() - 4);

    auto theirs = statements(cometbft_default());
    for (auto& line : theirs)  // Go's template leaves a comma behind the last item
        if (const auto at = line.rfind(", ]"); at != line.npos)
            line.replace(at, 3, "]");
    REQUIRE(ours == theirs);
}

TEST_CASE("what was written is read back the same") {
    testing::temporary_directory home;
    settings s;
    s.base.version = "0.38.25+x";
    s.base.moniker = "quote \" backslash \\ snow \xe2\x98\x83 line\nend";
    s.base.filter_peers = true;
    s.rpc.cors_allowed_origins = {"*", "https://a,b"};
    s.p2p.persistent_peers = "a@b:1,c@d:2";
    s.p2p.dial_timeout = 1500ms;
    s.mempool.keep_invalid_txs_in_cache = true;
    s.statesync.rpc_servers = {"a:1", "b:2"};
    s.statesync.chunk_fetchers = 9;
    s.consensus.timeout_commit = 50ms;
    s.tx_index.psql_conn = "postgresql://u:p@h:1/d";
    s.shards.placement = "0:consensus+network;1:storage+api";
    s.shards.rotate = 3;
    home.put("config/config.toml", to_toml(s));
    s.home = home.path();
    const auto back = load({home.path(), {}, {}, {}});
    REQUIRE(back);
    REQUIRE(*back == s);
}

TEST_CASE("every comment belongs to a key or a section, once") {
    std::set<std::string> known;
    const settings s;
    for_each_key(s, [&](std::string_view section, std::string_view key, const auto&, unsigned) {
        if (!section.empty())
            known.insert(format("[{}]", section));
        known.insert(section.empty() ? std::string(key) : format("{}.{}", section, key));
    });
    for (const auto& [path, comment] : comments()) {
        CAPTURE(path);
        REQUIRE(known.erase(std::string(path)) == 1);
        REQUIRE_FALSE(comment.empty());
    }
    for (const auto& left : known)
        REQUIRE(left.front() != '[');  // every section says what it is
}
