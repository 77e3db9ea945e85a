// SPDX-License-Identifier: Apache-2.0
#include "daemon/support.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/files.hpp"
#include "config/home.hpp"
#include "p2p/address.hpp"

namespace tetrad::daemon {

namespace {

/// The names that CometBFT knows; which of them it is makes no difference here.
bool is_database(std::string_view name) {
    static constexpr std::string_view known[] = {"goleveldb", "cleveldb", "memdb",   "boltdb",
                                                 "rocksdb",   "badgerdb", "pebbledb"};
    return std::ranges::find(known, name) != std::end(known);
}

}  // namespace

result<application> choose_application(const std::string& name) {
    // The _connsync variants differ in CometBFT's locks only.
    if (name == "kvstore" || name == "kvstore_connsync")
        return application::kvstore;
    if (name == "persistent_kvstore" || name == "persistent_kvstore_connsync")
        return application::persistent_kvstore;
    return fail(errc::unsupported, format("proxy_app = {}: an application outside this program is "
                                          "not supported yet; set proxy_app (or --proxy_app) to "
                                          "kvstore or persistent_kvstore",
                                          quote(name)));
}

std::vector<std::string> refusals(const config::settings& s) {
    std::vector<std::string> out;
    if (const auto app = choose_application(s.base.proxy_app); !app)
        out.push_back(app.error().text);
    if (!is_database(s.base.db_backend))
        out.push_back(
            format("db_backend = {}: there is no such database; set db_backend = \"rocksdb\"",
                   quote(s.base.db_backend)));
    if (const auto peers = p2p::parse_peer_addresses(s.p2p.persistent_peers); !peers)
        out.push_back(format("[p2p] persistent_peers: {}", peers.error().text));
    for (const auto id : split_list(s.p2p.unconditional_peer_ids))
        if (!p2p::is_peer_id(id))
            out.push_back(
                format("[p2p] unconditional_peer_ids: {} is not 40 hex digits", quote(id)));
    if (s.base.abci == "grpc")
        out.push_back(
            "abci = \"grpc\": not supported; the built-in applications need no transport, set abci "
            "= \"socket\"");
    else if (!s.base.abci.empty() && s.base.abci != "socket")
        out.push_back(format("abci = {}: there is no such transport; set abci = \"socket\"",
                             quote(s.base.abci)));
    if (!s.base.priv_validator_laddr.empty())
        out.push_back(
            "priv_validator_laddr: a signer in another process is not supported yet; leave it "
            "empty");
    if (s.statesync.enable)
        out.push_back(
            "[statesync] enable = true: state sync is not supported yet; set enable = false to "
            "fetch all blocks instead");
    if (s.p2p.seed_mode)
        out.push_back(
            "[p2p] seed_mode = true: there is no peer exchange yet that a seed could do; set "
            "seed_mode = false");
    if (!s.rpc.grpc_laddr.empty())
        out.push_back(
            "[rpc] grpc_laddr: the gRPC service is not supported; leave it empty and use "
            "broadcast_tx_commit over JSON-RPC");
    if (!s.rpc.tls_cert_file.empty() && !s.rpc.tls_key_file.empty())
        out.push_back(
            "[rpc] tls_cert_file, tls_key_file: HTTPS is not supported; leave them empty and put a "
            "proxy in front");
    if (s.mempool.type == "nop")
        out.push_back("[mempool] type = \"nop\": not supported yet; set type = \"flood\"");
    if (s.tx_index.indexer == "psql")
        out.push_back(
            "[tx_index] indexer = \"psql\": not supported; set indexer = \"kv\" or \"null\"");
    return out;
}

std::vector<std::string> foreign_stores(const config::settings& s) {
    std::vector<std::string> found;
    for (const std::string name : {"blockstore.db", "state.db", "tx_index.db", "evidence.db"}) {
        const auto path = config::join_path(config::database_directory(s), name);
        if (config::is_directory(path) && config::file_exists(path + "/CURRENT"))
            found.push_back(name);
    }
    return found;
}

std::vector<std::string> notes(const config::settings& s) {
    std::vector<std::string> out;
    if (const auto stores = foreign_stores(s); !stores.empty())
        out.push_back(
            format("CometBFT's stores in {} ({}) are left alone: this node keeps its own in {} and "
                   "fetches the chain from its "
                   "peers; remove them if you do not go back to cometbft",
                   config::database_directory(s), join(stores, ", "), store_name));
    if (s.base.db_backend != "goleveldb" && s.base.db_backend != "rocksdb")
        out.push_back(format("db_backend = {}: this node's store is RocksDB whatever it says",
                             quote(s.base.db_backend)));
    if (!s.p2p.seeds.empty())
        out.push_back(
            "[p2p] seeds are not asked yet: name the peers to connect to in persistent_peers");
    if (s.rpc.unsafe)
        out.push_back("[rpc] unsafe = true: the unsafe methods are not served yet");
    if (!s.rpc.pprof_laddr.empty())
        out.push_back("[rpc] pprof_laddr: there are no Go profiles here");
    if (s.instrumentation.prometheus)
        out.push_back("[instrumentation] prometheus = true: metrics are not served yet");
    return out;
}

}  // namespace tetrad::daemon
