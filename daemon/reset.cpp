// SPDX-License-Identifier: Apache-2.0
#include "daemon/reset.hpp"

#include "base/text.hpp"
#include "config/files.hpp"
#include "config/home.hpp"
#include "daemon/keys.hpp"
#include "daemon/start.hpp"

namespace tetrad::daemon {
namespace {

constexpr unsigned data_mode = 0700;

result<void> remove_address_book(const config::settings& s, const logger& log) {
    const auto path = config::address_book_file(s);
    if (!config::file_exists(path))
        return {};
    TRY_VOID(config::remove_all(path));
    log.info("Removed existing address book", "file", path);
    return {};
}

}  // namespace

result<void> reset_validator(const config::settings& s, const logger& log, random_source& random) {
    const auto key_path = config::validator_key_file(s);
    const auto state_path = config::validator_state_file(s);
    const bool had_key = config::file_exists(key_path);
    if (had_key) {
        TRY(auto key, load_validator_key(key_path));
        TRY_VOID(save_validator({std::move(key), {}}, key_path, state_path));
    } else {
        TRY_VOID(save_validator(make_validator(random), key_path, state_path));
    }
    log.info(had_key ? "Reset private validator file to genesis state"
                     : "Generated private validator file",
             "keyFile", key_path, "stateFile", state_path);
    return {};
}

result<void> reset_all(const config::settings& s, bool keep_address_book, const logger& log,
                       random_source& random) {
    if (keep_address_book)
        log.info("The address book remains intact");
    else
        TRY_VOID(remove_address_book(s, log));

    const auto directory = config::database_directory(s);
    TRY_VOID(config::remove_all(directory));
    log.info("Removed all blockchain history", "dir", directory);
    TRY_VOID(config::make_directories(directory, data_mode));  // the validator's state lives there
    return reset_validator(s, log, random);
}

result<void> reset_state(const config::settings& s, const logger& log) {
    const auto directory = config::database_directory(s);
    for (const std::string name :
         {store_name, "blockstore.db", "state.db", "cs.wal", "evidence.db", "tx_index.db"}) {
        const auto path = config::join_path(directory, name);
        if (!config::file_exists(path))
            continue;
        TRY_VOID(config::remove_all(path));
        log.info(name == "tx_index.db" ? "Removed tx_index.db" : format("Removed all {}", name),
                 "dir", path);
    }
    return config::make_directories(directory, data_mode);
}

}  // namespace tetrad::daemon
