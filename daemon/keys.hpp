// SPDX-License-Identifier: Apache-2.0
// The key files of a home, in CometBFT's forms: node_key.json (compact), priv_validator_key.json and priv_validator_state.json
// (indented), all of mode 0600. Main thread, before the node runs; while it runs the state file is the signer's alone.
#pragma once

#include <cstdint>
#include <string>

#include "base/crypto/keys.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "consensus/privval/guard.hpp"

namespace tetrad::daemon {

struct validator_key {
    crypto::address address;
    crypto::public_key pub_key;
    crypto::private_key priv_key;

    static constexpr auto schema =
        wire::fields(wire::json_field("address", &validator_key::address),
                     wire::json_field("pub_key", &validator_key::pub_key),
                     wire::json_field("priv_key", &validator_key::priv_key));
    bool operator==(const validator_key&) const = default;
};

using last_sign_state = consensus::privval::sign_record;

struct validator_files {
    validator_key key;
    last_sign_state state;

    static constexpr auto schema =  // as gen-validator prints them
        wire::fields(wire::json_field("Key", &validator_files::key),
                     wire::json_field("LastSignState", &validator_files::state));
};

crypto::private_key make_private_key(random_source&);

/// The lower-case hex by which peers name a node.
std::string node_id(const crypto::private_key&);
/// Errors name the file and say what can be done.
result<crypto::private_key> load_node_key(const std::string& path);
/// Makes one and writes it where there is no file.
result<crypto::private_key> load_or_make_node_key(const std::string& path, random_source&);

validator_files make_validator(random_source&);
/// Public key and address follow from the private key, whatever the file says of them.
result<validator_key> load_validator_key(const std::string& path);
result<last_sign_state> load_validator_state(const std::string& path);
result<validator_files> load_validator(const std::string& key_path, const std::string& state_path);
result<void> save_validator(const validator_files&, const std::string& key_path,
                            const std::string& state_path);
/// Makes one and writes it where there is no key file.
result<validator_files> load_or_make_validator(const std::string& key_path,
                                               const std::string& state_path, random_source&);

}  // namespace tetrad::daemon
