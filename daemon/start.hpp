// SPDX-License-Identifier: Apache-2.0
// Running a node: everything it needs, checked and read from disk by the command line, and the function that keeps it running.
// Main thread.
#pragma once

#include <string>

#include "base/crypto/keys.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "chain/genesis.hpp"
#include "config/sections.hpp"
#include "consensus/privval/guard.hpp"

namespace tetrad::daemon {

/// Our store's directory below db_dir: RocksDB, beside whatever stores of CometBFT are there.
constexpr const char* store_name = "tetrad.db";

enum class application : std::uint8_t { kvstore, persistent_kvstore };

struct node_options {
    config::settings settings;  // valid, and nothing in it that this program refuses
    application app = application::kvstore;
    chain::genesis_doc genesis;  // valid and complete
    std::string genesis_text;    // the file, byte for byte
    crypto::private_key node_key;
    crypto::private_key validator_key;  // this node's, whether or not the validator set holds it
    consensus::privval::sign_record last_signed;  // by it
    log_levels levels;
    log_format format = log_format::plain;
    std::string version;
};

/// Builds the node, runs it, and returns when it was stopped by SIGTERM or SIGINT (no error) or cannot go on.
result<void> run_node(const node_options&);

}  // namespace tetrad::daemon
