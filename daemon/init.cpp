// SPDX-License-Identifier: Apache-2.0
#include "daemon/init.hpp"

#include "config/files.hpp"
#include "config/home.hpp"

namespace tetrad::daemon {

std::string random_word(random_source& random, std::size_t length) {
    constexpr std::string_view alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string word;
    while (word.size() < length)
        word += alphabet[random.below(alphabet.size())];
    return word;
}

chain::genesis_doc new_genesis(std::string chain_id, timestamp now) {
    chain::genesis_doc doc;
    doc.chain_id = std::move(chain_id);
    doc.time = now;
    doc.params = chain::consensus_params::defaults();
    return doc;
}

chain::genesis_validator as_genesis_validator(const validator_key& key, std::int64_t power,
                                              std::string name) {
    return {key.address, key.pub_key, power_t(power), std::move(name)};
}

result<validator_files> init_files(const config::settings& s, const logger& log,
                                   random_source& random, timestamp now) {
    const auto key_path = config::validator_key_file(s);
    const auto state_path = config::validator_state_file(s);
    const bool had_validator = config::file_exists(key_path);
    TRY(auto validator, load_or_make_validator(key_path, state_path, random));
    log.info(had_validator ? "Found private validator" : "Generated private validator", "keyFile",
             key_path, "stateFile", state_path);

    const auto node_key_path = config::node_key_file(s);
    if (config::file_exists(node_key_path)) {
        log.info("Found node key", "path", node_key_path);
    } else {
        TRY_VOID(load_or_make_node_key(node_key_path, random));
        log.info("Generated node key", "path", node_key_path);
    }

    const auto genesis_path = config::genesis_file(s);
    if (config::file_exists(genesis_path)) {
        log.info("Found genesis file", "path", genesis_path);
    } else {
        auto doc = new_genesis("test-chain-" + random_word(random, 6), now);
        doc.validators = {as_genesis_validator(validator.key, 10, "")};
        TRY_VOID(config::write_file(genesis_path, chain::genesis_to_json(doc), genesis_mode));
        log.info("Generated genesis file", "path", genesis_path);
    }
    return validator;
}

}  // namespace tetrad::daemon
