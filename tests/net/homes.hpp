// SPDX-License-Identifier: Apache-2.0
// The nodes of a network as files, ports and command lines: what the program's own commands make, and what is given to it at start.
// Main thread, before anything runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"
#include "runtime/address.hpp"
#include "runtime/backend.hpp"
#include "tests/net/options.hpp"
#include "tests/net/process.hpp"

namespace tetrad::net {

struct node {
    std::string name;  // "node0"
    std::string home;
    std::string log;
    std::string id;  // of its key: peers dial it by that
    std::uint16_t p2p_port = 0, rpc_port = 0;
    pid_t pid = 0;  // while it runs
};

/// Where homes and logs are; a temporary one goes with the object.
class folder {
public:
    /// `keep`: made where it is missing; empty: a new temporary one.
    static result<folder> make(const std::string& keep);
    folder(folder&&) noexcept;
    ~folder();
    const std::string& path() const { return path_; }
    bool is_temporary() const { return temporary_; }

private:
    folder(std::string path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}
    std::string path_;
    bool temporary_;
};

/// Variables of all nodes: the user's own win over ours, but none that names a home.
environment node_environment(environment own, bool loaded);

/// Homes that a folder holds already are used again: their chain goes on. Ports: the first that are free from 26656 on.
result<std::vector<node>> prepare_nodes(const options&, const std::string& in, const environment&,
                                        runtime::backend& io);

/// Each dials those before it, so that two never dial each other.
std::vector<std::string> start_command(const std::string& program, const std::vector<node>& all,
                                       std::size_t index);

runtime::endpoint loopback(std::uint16_t port);

}  // namespace tetrad::net
