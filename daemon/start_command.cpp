// SPDX-License-Identifier: Apache-2.0
// `start`: its flags, and all that is looked at before a node is built.
#include "daemon/commands.hpp"

#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "chain/genesis.hpp"
#include "config/files.hpp"
#include "config/home.hpp"
#include "daemon/keys.hpp"
#include "daemon/support.hpp"
#include "daemon/version.hpp"

namespace tetrad::daemon {
namespace {

constexpr std::size_t genesis_bytes_max = 1u << 30;  // as much as the reader of chain/genesis takes

result<void> check_genesis_hash(const bytes& expected, const std::string& path,
                                std::string_view text) {
    const auto actual = crypto::sha256(view(text));
    if (expected.empty() || equal(expected, actual))
        return {};
    return fail(errc::invalid, format("--genesis_hash={} does not match {} hash: {}",
                                      to_hex_upper(expected), path, to_hex_upper(actual)));
}

result<std::string> read_genesis(const std::string& path) {
    auto text = config::read_file(path, genesis_bytes_max);
    if (!text)
        return fail(text.error().code, format("couldn't read GenesisDoc file: {}; put the "
                                              "network's genesis.json there, or start a new "
                                              "chain with \"tetrad init\"",
                                              text.error().text));
    return text;
}

result<chain::genesis_doc> parse_genesis(const std::string& path, std::string_view text,
                                         timestamp now) {
    auto doc = chain::genesis_from_json(text);
    auto complete = doc ? chain::validate_and_complete(*doc, now) : result<void>(pass(doc));
    if (!complete)
        return fail(
            errc::invalid,
            format("error reading GenesisDoc at {}: {}; get the network's genesis.json again", path,
                   complete.error().text));
    return doc;
}

result<void> run_start(command_context& c) {
    const auto& s = c.settings;
    if (const auto reasons = refusals(s); !reasons.empty())
        return fail(errc::unsupported, join(reasons, "\n"));

    const auto genesis_path = config::genesis_file(s);
    TRY(auto genesis_text, read_genesis(genesis_path));
    TRY_VOID(check_genesis_hash(c.flags.hex("genesis_hash"), genesis_path, genesis_text));
    TRY(auto genesis, parse_genesis(genesis_path, genesis_text, c.world.now()));
    TRY(auto node_key, load_or_make_node_key(config::node_key_file(s), c.world.random));
    TRY(auto validator, load_or_make_validator(config::validator_key_file(s),
                                               config::validator_state_file(s), c.world.random));
    TRY(const auto app, choose_application(s.base.proxy_app));
    TRY(auto levels, log_levels::parse(s.base.log_level));
    TRY(const auto form, parse_log_format(s.base.log_format));

    for (const auto& note : notes(s))
        c.log.info(note);
    node_options o;
    o.settings = s;
    o.app = app;
    o.genesis = std::move(genesis);
    o.genesis_text = std::move(genesis_text);
    o.node_key = std::move(node_key);
    o.validator_key = std::move(validator.key.priv_key);
    o.last_signed = std::move(validator.state);
    o.levels = std::move(levels);
    o.format = form;
    o.version = version;
    return c.world.run_node(o);
}

}  // namespace

command start_command(const config::settings& d) {
    // The names are CometBFT's, where all of them but external-address are the key's.
    return {
        .names = {"start", "node", "run"},
        .summary = "Run the node",
        .details = "Until SIGTERM or SIGINT; a second signal ends it at once.",
        .example =
            "tetrad start --home ./node --proxy_app kvstore --p2p.persistent_peers "
            "<id>@10.0.0.2:26656",
        .flags =
            {{"moniker", 0, flag_kind::text, d.base.moniker, "what people call this node",
              "moniker"},
             {"priv_validator_laddr", 0, flag_kind::text, d.base.priv_validator_laddr,
              "where a signer in another process connects to", "priv_validator_laddr"},
             {"genesis_hash", 0, flag_kind::hex, "", "SHA-256 that the genesis file must have"},
             {"consensus.double_sign_check_height", 0, flag_kind::integer, "0",
              "look for our signature in so many last blocks",
              "consensus.double_sign_check_height"},
             {"proxy_app", 0, flag_kind::text, d.base.proxy_app,
              "the application: kvstore, persistent_kvstore, or an address", "proxy_app"},
             {"abci", 0, flag_kind::text, d.base.abci,
              "how an application at an address is spoken to: socket or grpc", "abci"},
             {"rpc.laddr", 0, flag_kind::text, d.rpc.laddr, "where to listen for JSON-RPC",
              "rpc.laddr"},
             {"rpc.grpc_laddr", 0, flag_kind::text, d.rpc.grpc_laddr, "where to listen for gRPC",
              "rpc.grpc_laddr"},
             {"rpc.unsafe", 0, flag_kind::boolean, "false", "serve the unsafe RPC methods",
              "rpc.unsafe"},
             {"rpc.pprof_laddr", 0, flag_kind::text, d.rpc.pprof_laddr,
              "accepted for CometBFT's sake", "rpc.pprof_laddr"},
             {"p2p.laddr", 0, flag_kind::text, d.p2p.laddr, "where to listen for peers",
              "p2p.laddr"},
             {"p2p.external-address", 0, flag_kind::text, d.p2p.external_address,
              "host:port to tell peers", "p2p.external_address"},
             {"p2p.seeds", 0, flag_kind::text, d.p2p.seeds,
              "id@host:port of seeds, divided by commas", "p2p.seeds"},
             {"p2p.persistent_peers", 0, flag_kind::text, d.p2p.persistent_peers,
              "id@host:port of peers to stay connected to, divided by commas",
              "p2p.persistent_peers"},
             {"p2p.unconditional_peer_ids", 0, flag_kind::text, d.p2p.unconditional_peer_ids,
              "ids of peers that no limit applies to", "p2p.unconditional_peer_ids"},
             {"p2p.pex", 0, flag_kind::boolean, "true", "exchange addresses with peers", "p2p.pex"},
             {"p2p.seed_mode", 0, flag_kind::boolean, "false", "be a seed", "p2p.seed_mode"},
             {"p2p.private_peer_ids", 0, flag_kind::text, d.p2p.private_peer_ids,
              "ids of peers whose addresses are kept secret", "p2p.private_peer_ids"},
             {"consensus.create_empty_blocks", 0, flag_kind::boolean, "true",
              "make blocks without transactions", "consensus.create_empty_blocks"},
             {"consensus.create_empty_blocks_interval", 0, flag_kind::text,
              to_go_duration(d.consensus.create_empty_blocks_interval),
              "how long to wait before one", "consensus.create_empty_blocks_interval"},
             {"db_backend", 0, flag_kind::text, d.base.db_backend,
              "CometBFT's database; ours is RocksDB whatever it says", "db_backend"},
             {"db_dir", 0, flag_kind::text, d.base.db_dir, "directory of the databases", "db_dir"}},
        .run = run_start};
}

}  // namespace tetrad::daemon
