// SPDX-License-Identifier: Apache-2.0
#include "daemon/testnet.hpp"

#include <array>
#include <optional>

#include "base/text.hpp"
#include "chain/genesis.hpp"
#include "config/files.hpp"
#include "config/home.hpp"
#include "config/write.hpp"
#include "daemon/init.hpp"
#include "daemon/keys.hpp"

namespace tetrad::daemon {
namespace {

constexpr unsigned node_directory_mode = 0755;
constexpr unsigned config_mode = 0644;

using ipv4 = std::array<unsigned, 4>;

std::optional<ipv4> parse_ipv4(std::string_view text) {
    const auto parts = split(text, '.');
    if (parts.size() != 4)
        return {};
    ipv4 ip;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto n = parse_decimal<std::uint8_t>(parts[i]);
        if (!n || (parts[i].size() > 1 && parts[i][0] == '0'))
            return {};
        ip[i] = *n;
    }
    return ip;
}

class builder {
public:
    builder(const testnet_options& o, const logger& log, random_source& random, timestamp now)
        : o_(o), log_(log), random_(random), now_(now) {}

    result<std::size_t> run() {
        TRY_VOID(check());
        TRY_VOID(make_homes());
        TRY_VOID(write_genesis());
        TRY_VOID(write_configs());
        return count_;
    }

private:
    result<void> check() {
        if (o_.validators < 0 || o_.others < 0)
            return fail(
                errc::invalid,
                "the number of validators (--v) and of other nodes (--n) can't be negative");
        if (o_.validators > nodes_max || o_.others > nodes_max)
            return fail(errc::invalid, format("at most {} nodes of either kind", nodes_max));
        count_ = static_cast<std::size_t>(o_.validators + o_.others);
        if (!o_.hostnames.empty() && o_.hostnames.size() != count_)
            return fail(errc::invalid, format("testnet needs precisely {} hostnames (number of "
                                              "validators plus non-validators) if "
                                              "--hostname parameter is used",
                                              count_));
        if (o_.hostnames.empty() && !o_.starting_ip_address.empty() &&
            o_.populate_persistent_peers) {
            ip_ = parse_ipv4(o_.starting_ip_address);
            if (!ip_)
                return fail(errc::invalid, format("{}: non ipv4 address", o_.starting_ip_address));
            if (count_ > 0 && (*ip_)[3] + count_ - 1 > 255)
                return fail(errc::invalid,
                            format("{} nodes do not fit behind {}: start at a lower address",
                                   count_, o_.starting_ip_address));
        }
        return {};
    }

    config::settings settings_of(std::size_t node) const {
        auto s = o_.settings;
        s.home = config::join_path(o_.directory, name(node));
        return s;
    }
    std::string name(std::size_t node) const { return format("{}{}", o_.node_prefix, node); }

    result<void> make_homes() {
        for (std::size_t node = 0; node < count_; ++node) {
            const auto s = settings_of(node);
            TRY_VOID(
                config::make_directories(config::join_path(s.home, "config"), node_directory_mode));
            TRY_VOID(
                config::make_directories(config::join_path(s.home, "data"), node_directory_mode));
            TRY(const auto validator, init_files(s, log_, random_, now_));
            if (node < static_cast<std::size_t>(o_.validators))
                members_.push_back(as_genesis_validator(validator.key, 1, name(node)));
        }
        return {};
    }

    result<void> write_genesis() {
        auto doc = new_genesis("chain-" + random_word(random_, 6), now_);
        doc.initial_height = height_t(o_.initial_height);
        doc.validators = members_;
        const auto text = chain::genesis_to_json(doc);
        for (std::size_t node = 0; node < count_; ++node)
            TRY_VOID(
                config::write_file(config::genesis_file(settings_of(node)), text, genesis_mode));
        return {};
    }

    result<void> write_configs() {
        std::vector<std::string> peers;
        if (o_.populate_persistent_peers) {
            for (std::size_t node = 0; node < count_; ++node) {
                TRY(const auto key, load_node_key(config::node_key_file(settings_of(node))));
                peers.push_back(format("{}@{}:{}", node_id(key), host_of(node), o_.p2p_port));
            }
        }
        for (std::size_t node = 0; node < count_; ++node) {
            auto s = settings_of(node);
            s.p2p.addr_book_strict = false;
            s.p2p.allow_duplicate_ip = true;
            if (o_.populate_persistent_peers)
                s.p2p.persistent_peers = join(peers, ",");
            s.base.moniker = moniker_of(node);
            s.shards.rotate = static_cast<std::int64_t>(node);
            TRY_VOID(
                config::write_file(config::config_file(s.home), config::to_toml(s), config_mode));
        }
        return {};
    }

    std::string host_of(std::size_t node) const {
        if (!o_.hostnames.empty())
            return o_.hostnames[node];
        if (ip_)
            return format("{}.{}.{}.{}", (*ip_)[0], (*ip_)[1], (*ip_)[2], (*ip_)[3] + node);
        return format("{}{}{}", o_.hostname_prefix, node, o_.hostname_suffix);
    }

    std::string moniker_of(std::size_t node) {
        if (!o_.random_monikers && !o_.hostnames.empty())
            return o_.hostnames[node];
        if (!o_.random_monikers && o_.starting_ip_address.empty())
            return format("{}{}{}", o_.hostname_prefix, node, o_.hostname_suffix);
        fixed<8> moniker;
        random_.fill(moniker.data);
        return to_hex_upper(moniker);
    }

    static constexpr std::int64_t nodes_max = 10'000;

    const testnet_options& o_;
    const logger& log_;
    random_source& random_;
    timestamp now_;
    std::size_t count_ = 0;
    std::optional<ipv4> ip_;
    std::vector<chain::genesis_validator> members_;
};

}  // namespace

result<std::size_t> make_testnet(const testnet_options& o, const logger& log, random_source& random,
                                 timestamp now) {
    return builder(o, log, random, now).run();
}

}  // namespace tetrad::daemon
