// SPDX-License-Identifier: Apache-2.0
#include "tests/net/homes.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/text.hpp"
#include "config/files.hpp"

namespace tetrad::net {

namespace {

constexpr std::uint16_t first_port = 26656;
constexpr unsigned folder_mode = 0755;

std::string home_of(const std::string& folder, std::size_t index) {
    return config::join_path(folder, format("node{}", index));
}

std::size_t homes_in(const std::string& folder) {
    std::size_t n = 0;
    while (config::file_exists(home_of(folder, n)))
        ++n;
    return n;
}

/// Ports on which nothing listens. They are held until all are found, so that none is found twice.
result<std::vector<std::uint16_t>> free_ports(std::size_t count, runtime::backend& io) {
    std::vector<std::uint16_t> found;
    std::vector<runtime::descriptor> held;
    for (std::uint32_t port = first_port; found.size() < count && port <= UINT16_MAX; ++port) {
        if (const auto l = io.listen(loopback(static_cast<std::uint16_t>(port)), 1)) {
            held.push_back(l->fd);
            found.push_back(static_cast<std::uint16_t>(port));
        }
    }
    for (const auto fd : held)
        io.close(fd);
    if (found.size() < count)
        return fail(errc::full, format("no {} free ports from {} on", count, first_port));
    return found;
}

}  // namespace

runtime::endpoint loopback(std::uint16_t port) {
    auto e = runtime::parse_endpoint(format("127.0.0.1:{}", port));
    CHECK(e.has_value());
    return *e;
}

result<folder> folder::make(const std::string& keep) {
    std::error_code problem;
    if (!keep.empty()) {
        const auto path = std::filesystem::absolute(keep, problem).string();
        TRY_VOID(config::make_directories(path, folder_mode));
        return folder(path, false);
    }
    auto path = config::join_path(std::filesystem::temp_directory_path(problem).string(),
                                  "tetrad-net-XXXXXX");
    if (problem || ::mkdtemp(path.data()) == nullptr)
        return std::unexpected<error>(system_error(problem ? problem.value() : errno, path));
    return folder(std::move(path), true);
}

folder::folder(folder&& o) noexcept
    : path_(std::move(o.path_)), temporary_(std::exchange(o.temporary_, false)) {}
folder::~folder() {
    if (temporary_)
        (void)config::remove_all(path_);
}

environment node_environment(environment own, bool loaded) {
    for (const char* name : {"CMTHOME", "CMT_HOME", "TMHOME"})
        own.erase(name);
    environment ours{{"CMT_P2P_PEX", "false"},
                     {"CMT_P2P_ALLOW_DUPLICATE_IP", "true"},
                     {"CMT_P2P_ADDR_BOOK_STRICT", "false"}};
    if (loaded)
        ours.insert({{"CMT_TX_INDEX_INDEXER", "null"},
                     {"CMT_MEMPOOL_SIZE", "50000"},
                     {"CMT_MEMPOOL_CACHE_SIZE", "100000"},
                     {"CMT_P2P_SEND_RATE", "512000000"},
                     {"CMT_P2P_RECV_RATE", "512000000"},
                     {"CMT_RPC_MAX_REQUEST_BATCH_SIZE", "0"}});
    own.merge(ours);
    return own;
}

result<std::vector<node>> prepare_nodes(const options& o, const std::string& in,
                                        const environment& env, runtime::backend& io) {
    std::size_t count = homes_in(in);
    if (count == 0) {
        count = o.validators;
        const std::vector<std::string> make{o.program,
                                            "testnet",
                                            "--v",
                                            format("{}", count),
                                            "--o",
                                            in,
                                            "--populate-persistent-peers=false"};
        TRY(const auto said, output_of(make, env));
        (void)said;
    } else if (count != o.validators) {
        return fail(errc::exists,
                    format("{} holds a network of {}; say --validators {}, or name another folder",
                           in, count, count));
    }
    TRY(const auto ports, free_ports(2 * count, io));
    std::vector<node> nodes;
    for (std::size_t i = 0; i < count; ++i) {
        node n{.name = format("node{}", i), .home = home_of(in, i)};
        n.log = n.home + ".log";
        const std::vector<std::string> ask{o.program, "show-node-id", "--home", n.home};
        TRY(const auto id, output_of(ask, env));
        n.id = trim(id);
        n.p2p_port = ports[2 * i];
        n.rpc_port = ports[2 * i + 1];
        nodes.push_back(std::move(n));
    }
    return nodes;
}

std::vector<std::string> start_command(const std::string& program, const std::vector<node>& all,
                                       std::size_t index) {
    std::vector<std::string> peers;
    for (std::size_t i = 0; i < index; ++i)
        peers.push_back(format("{}@127.0.0.1:{}", all[i].id, all[i].p2p_port));
    const node& me = all[index];
    return {program,
            "start",
            "--home",
            me.home,
            "--proxy_app",
            "kvstore",
            "--p2p.laddr",
            format("tcp://127.0.0.1:{}", me.p2p_port),
            "--rpc.laddr",
            format("tcp://127.0.0.1:{}", me.rpc_port),
            "--p2p.persistent_peers",
            join(peers, ",")};
}

}  // namespace tetrad::net
