// SPDX-License-Identifier: Apache-2.0
#include "rpc/service.hpp"

#include "base/text.hpp"
#include "rpc/handlers.hpp"
#include "rpc/http/server.hpp"
#include "rpc/jsonrpc.hpp"

namespace tetrad::rpc {

using runtime::ok;
using runtime::task;

namespace {

// A response may take as long as broadcast_tx_commit waits, and a second more (as in CometBFT).
constexpr duration write_timeout_min = 10s;

http::server_options server_options_of(const config::rpc_section& c) {
    http::server_options o;
    o.connections_max = static_cast<std::size_t>(c.max_open_connections == 0 ? 65536 : c.max_open_connections);
    o.limits = {static_cast<std::size_t>(c.max_header_bytes), static_cast<std::size_t>(c.max_body_bytes)};
    o.write_timeout = std::max<duration>(write_timeout_min, c.timeout_broadcast_tx_commit + 1s);
    o.cors = {c.cors_allowed_origins, c.cors_allowed_methods, c.cors_allowed_headers};
    return o;
}

}  // namespace

struct service::impl {
    impl(runtime::shard& api, config::rpc_section c, environment env, logger l)
        : here(api), config(c), methods(api, c, std::move(env)), rpc(routes, static_cast<std::size_t>(c.max_request_batch_size)),
          server(api, server_options_of(c), [this](const http::request& q) { return rpc.answer(q); }, l), log(l) {
        methods.add_to(routes);
    }
    runtime::shard& here;
    config::rpc_section config;
    handlers methods;
    route_table routes;
    jsonrpc rpc;
    http::server server;
    logger log;
};

service::service(runtime::shard& api, config::rpc_section config, environment env, logger log)
    : impl_(std::make_unique<impl>(api, std::move(config), std::move(env), log)) {}
service::~service() = default;

task<result<std::vector<runtime::endpoint>>> service::start() {
    std::vector<runtime::endpoint> at;
    for (const auto each : split_list(impl_->config.laddr)) {
        auto address = runtime::parse_listen_address(each);
        if (!address)
            co_return pass(address, "rpc.laddr");
        runtime::endpoint where;
        if (address->is_unix) {
            where.kind = runtime::endpoint::family::unix_path;
            where.path = address->host;
        } else {
            // Names of this machine only: resolved without a helper, once, at start.
            auto found = impl_->here.io().resolve(address->host.empty() ? "0.0.0.0" : address->host, address->port);
            if (!found)
                co_return pass(found, "rpc.laddr");
            where = found->front();
        }
        auto bound = impl_->server.listen(where);
        if (!bound)
            co_return pass(bound, "cannot listen on " + std::string(each));
        impl_->log.info("RPC server listens", "at", to_string(*bound));
        at.push_back(*bound);
    }
    co_return at;
}

task<void> service::stop() { co_await impl_->server.stop(); }

void service::on_block(const std::shared_ptr<const app::block_committed>& b) { impl_->methods.on_block(b); }
void service::set_catching_up(bool on) { impl_->methods.set_catching_up(on); }

}  // namespace tetrad::rpc
