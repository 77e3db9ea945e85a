// SPDX-License-Identifier: Apache-2.0
#include "config/home.hpp"

#include "config/files.hpp"
#include "config/write.hpp"

namespace tetrad::config {
namespace {

constexpr unsigned directory_mode = 0700;
constexpr unsigned config_mode = 0644;

std::string variable(const environment& env, std::string_view name) {
    const auto found = env.find(name);
    return found == env.end() ? std::string() : found->second;
}

}  // namespace

std::string default_home(const environment& env) {
    return join_path(variable(env, "HOME"), ".cometbft");
}

chosen_home choose_home(const environment& env, const std::optional<std::string>& flag) {
    if (auto path = variable(env, "CMTHOME"); !path.empty())
        return {std::move(path), false};
    if (auto path = variable(env, "TMHOME"); !path.empty())
        return {std::move(path), true};
    if (flag)
        return {*flag, false};
    if (auto path = variable(env, "CMT_HOME"); !path.empty())
        return {std::move(path), false};
    return {default_home(env), false};
}

result<void> prepare_home(const std::string& home, const settings& defaults) {
    TRY_VOID(make_directories(join_path(home, "config"), directory_mode));
    TRY_VOID(make_directories(join_path(home, "data"), directory_mode));
    if (const auto path = config_file(home); !file_exists(path))
        TRY_VOID(write_file(path, to_toml(defaults), config_mode));
    return {};
}

std::string config_file(const std::string& home) { return join_path(home, "config/config.toml"); }
std::string genesis_file(const settings& s) { return join_path(s.home, s.base.genesis_file); }
std::string node_key_file(const settings& s) { return join_path(s.home, s.base.node_key_file); }
std::string validator_key_file(const settings& s) {
    return join_path(s.home, s.base.priv_validator_key_file);
}
std::string validator_state_file(const settings& s) {
    return join_path(s.home, s.base.priv_validator_state_file);
}
std::string address_book_file(const settings& s) { return join_path(s.home, s.p2p.addr_book_file); }
std::string database_directory(const settings& s) { return join_path(s.home, s.base.db_dir); }
std::string wal_file(const settings& s) { return join_path(s.home, s.consensus.wal_file); }

}  // namespace tetrad::config
