// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "config/files.hpp"
#include "config/home.hpp"
#include "daemon/init.hpp"
#include "daemon/keys.hpp"
#include "daemon/reset.hpp"
#include "daemon/testnet.hpp"
#include "daemon/version.hpp"
#include "p2p/node_info.hpp"

namespace tetrad::daemon {
namespace {

struct version_report {
    std::string cometbft{version};
    std::string abci{abci_version};
    std::uint64_t block_protocol = p2p::block_protocol;
    std::uint64_t p2p_protocol = p2p::p2p_protocol;

    static constexpr auto schema = wire::fields(
        wire::json_field("cometbft", &version_report::cometbft),
        wire::json_field("abci", &version_report::abci),
        wire::json_field("block_protocol", &version_report::block_protocol, wire::number),
        wire::json_field("p2p_protocol", &version_report::p2p_protocol, wire::number));
};

void print(const command_context& c, std::string_view line) { c.world.out(format("{}\n", line)); }

result<void> run_version(command_context& c) {
    print(c,
          c.flags.boolean("verbose") ? to_json_indented(version_report{}) : std::string(version));
    return {};
}

result<void> run_init(command_context& c) {
    TRY_VOID(init_files(c.settings, c.log, c.world.random, c.world.now()));
    return {};
}

result<void> run_testnet(command_context& c) {
    testnet_options o;
    o.validators = c.flags.integer("v");
    o.others = c.flags.integer("n");
    o.directory = c.flags.text("o");
    o.node_prefix = c.flags.text("node-dir-prefix");
    o.initial_height = c.flags.integer("initial-height");
    o.populate_persistent_peers = c.flags.boolean("populate-persistent-peers");
    o.hostname_prefix = c.flags.text("hostname-prefix");
    o.hostname_suffix = c.flags.text("hostname-suffix");
    o.starting_ip_address = c.flags.text("starting-ip-address");
    o.hostnames = c.flags.texts("hostname");
    o.p2p_port = c.flags.integer("p2p-port");
    o.random_monikers = c.flags.boolean("random-monikers");
    o.settings = c.sources.defaults;
    if (const auto file = c.flags.text("config"); !file.empty()) {
        TRY(o.settings, config::load_file(file, c.sources));
    }
    TRY(const auto nodes, make_testnet(o, c.log, c.world.random, c.world.now()));
    print(c, format("Successfully initialized {} node directories", nodes));
    return {};
}

result<void> run_show_node_id(command_context& c) {
    TRY(const auto key, load_node_key(config::node_key_file(c.settings)));
    print(c, node_id(key));
    return {};
}

result<void> run_show_validator(command_context& c) {
    const auto path = config::validator_key_file(c.settings);
    if (!config::file_exists(path))
        return fail(
            errc::not_found,
            format("private validator file {} does not exist; \"tetrad init\" makes one", path));
    TRY(const auto files, load_validator(path, config::validator_state_file(c.settings)));
    print(c, to_json(files.key.pub_key));
    return {};
}

result<void> run_gen_node_key(command_context& c) {
    const auto path = config::node_key_file(c.settings);
    if (config::file_exists(path))
        return fail(errc::exists, format("node key at {} already exists", path));
    TRY(const auto key, load_or_make_node_key(path, c.world.random));
    print(c, node_id(key));
    return {};
}

result<void> run_gen_validator(command_context& c) {
    print(c, to_json(make_validator(c.world.random)));
    return {};
}

result<void> run_reset_all(command_context& c) {
    return reset_all(c.settings, c.flags.boolean("keep-addr-book"), c.log, c.world.random);
}
result<void> run_reset_state(command_context& c) { return reset_state(c.settings, c.log); }
result<void> run_reset_validator(command_context& c) {
    return reset_validator(c.settings, c.log, c.world.random);
}

command testnet_command() {
    const testnet_options o;
    const auto number = [](std::int64_t n) { return format("{}", n); };
    return {
        .names = {"testnet"},
        .summary = "Make the homes of all nodes of a new network",
        .details =
            "One directory a node, node0, node1 and so on, each with keys, settings and the same "
            "genesis document; the first --v\n"
            "of them are its validators. Their settings name each other as persistent peers and "
            "accept private addresses.",
        .example = "tetrad testnet --v 4 --n 1 --o ./net --starting-ip-address 192.168.10.2",
        .flags = {{"v", 0, flag_kind::integer, number(o.validators), "how many validators"},
                  {"config", 0, flag_kind::text, "",
                   "a config.toml that all nodes' settings start from"},
                  {"n", 0, flag_kind::integer, number(o.others),
                   "how many nodes that validate nothing"},
                  {"o", 0, flag_kind::text, o.directory, "directory to put the homes in"},
                  {"node-dir-prefix", 0, flag_kind::text, o.node_prefix,
                   "what the names of the homes begin with"},
                  {"initial-height", 0, flag_kind::integer, number(o.initial_height),
                   "height of the first block"},
                  {"populate-persistent-peers", 0, flag_kind::boolean, "true",
                   "list all nodes as persistent peers of each"},
                  {"hostname-prefix", 0, flag_kind::text, o.hostname_prefix,
                   "peers are <prefix>0, <prefix>1, ..."},
                  {"hostname-suffix", 0, flag_kind::text, "",
                   "and this behind the number, such as \".example.com\""},
                  {"starting-ip-address", 0, flag_kind::text, "",
                   "or peers are this IPv4 address and those that follow it"},
                  {"hostname", 0, flag_kind::texts, "", "or peers are these; once for every node"},
                  {"p2p-port", 0, flag_kind::integer, number(o.p2p_port), "port of all peers"},
                  {"random-monikers", 0, flag_kind::boolean, "false",
                   "monikers at random instead of the host names"}},
        .run = run_testnet};
}

}  // namespace

std::vector<command> all_commands(const config::settings& defaults) {
    return {
        {.names = {"init"},
         .summary = "Make the files of a new node",
         .details = "Validator key, node key, a genesis document with that validator, and "
                    "settings; what is there already is kept.",
         .example = "tetrad init --home ./node",
         .flags = {},
         .run = run_init},
        start_command(defaults),
        testnet_command(),
        {.names = {"show-node-id", "show_node_id"},
         .summary = "Print the id by which peers name this node",
         .details = {},
         .example = "tetrad show-node-id --home ./node",
         .flags = {},
         .run = run_show_node_id},
        {.names = {"show-validator", "show_validator"},
         .summary = "Print the public key this node validates with",
         .details = {},
         .example = "tetrad show-validator --home ./node",
         .flags = {},
         .run = run_show_validator},
        {.names = {"gen-node-key", "gen_node_key"},
         .summary = "Make a node key and print its id",
         .details = {},
         .example = "tetrad gen-node-key --home ./node",
         .flags = {},
         .run = run_gen_node_key},
        {.names = {"gen-validator", "gen_validator"},
         .summary = "Print a new validator key, and write no file",
         .details = {},
         .example = "tetrad gen-validator > validator.json",
         .flags = {},
         .run = run_gen_validator},
        {.names = {"reset-state", "reset_state"},
         .summary = "Remove all stores; keys and what the validator signed stay",
         .details = {},
         .example = "tetrad reset-state --home ./node",
         .flags = {},
         .run = run_reset_state},
        {.names = {"unsafe-reset-all", "unsafe_reset_all"},
         .summary = "(unsafe) Remove all data, and what the validator signed last",
         .details = "A validator that forgets what it signed can sign a second time and be "
                    "punished for it: for test networks.",
         .example = "tetrad unsafe-reset-all --home ./node --keep-addr-book",
         .flags = {{"keep-addr-book", 0, flag_kind::boolean, "false",
                    "keep the addresses of peers"}},
         .run = run_reset_all},
        {.names = {"unsafe-reset-priv-validator", "unsafe_reset_priv_validator"},
         .summary = "(unsafe) Forget what the validator signed last",
         .details = "A validator that forgets what it signed can sign a second time and be "
                    "punished for it: for test networks.",
         .example = "tetrad unsafe-reset-priv-validator --home ./node",
         .flags = {},
         .run = run_reset_validator},
        {.names = {"version"},
         .summary = "Print the version",
         .details = {},
         .example = "tetrad version -v",
         .flags = {{"verbose", 'v', flag_kind::boolean, "false",
                    "with the versions of the protocols"}},
         .needs_home = false,
         .run = run_version},
    };
}

}  // namespace tetrad::daemon
