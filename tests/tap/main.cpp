// SPDX-License-Identifier: Apache-2.0
// Stands between one node and its peers and writes down every proposal and vote that the node sends, and the votes in the blocks that
// it proposes, before it passes them on: where the node has no other connections, nothing it says is missed. A line each, appended to a
// file:
//
//     <proposal|prevote|precommit> <height> <round> <validator's address, or "-"> <block's hash, or "nil"> <signature>
//
//     tap CHAIN RECORD NODE PEER...     NODE and PEER are id@host:port
//
// For each peer it is a node of its own, with a key of its own, that dials both and carries whole messages of every channel from one to
// the other, unchanged and in order; where one end goes the other is closed, and both are dialed again. Runs until it is killed.
#include <cstdio>
#include <fstream>
#include <iostream>

#include "base/crypto/hash.hpp"
#include "base/text.hpp"
#include "chain/messages.hpp"
#include "p2p/address.hpp"
#include "p2p/connection.hpp"
#include "p2p/upgrade.hpp"
#include "runtime/executor.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "runtime/uring/backend.hpp"

using namespace tetrad;
using runtime::ok;
using runtime::task;
namespace messages = chain::messages;

namespace {

constexpr duration pause_between_dials = 20ms;
constexpr std::size_t queue_max = 1000;

std::vector<p2p::channel_descriptor> all_channels() {
    using namespace p2p::channels;
    std::vector<p2p::channel_descriptor> all;
    for (const auto c : {blocksync, state, data, vote, vote_set_bits, mempool})
        all.push_back({c, 5, queue_max, messages::blocksync_bytes_max});
    return all;
}

/// What was said, in the order in which it was said.
class record {
public:
    explicit record(const std::string& path) : out_(path, std::ios::app) {}
    bool is_good() const { return out_.good(); }

    void hear(const slice& message) {
        const auto opened = messages::decode_consensus(message);
        if (!opened)
            return;
        if (const auto* p = std::get_if<messages::block_part>(&opened->what))
            hear(p->part);
        if (const auto* p = std::get_if<messages::proposal_message>(&opened->what))
            write("proposal", p->proposal, "-");
        if (const auto* v = std::get_if<messages::vote_message>(&opened->what); v && v->vote)
            write(v->vote->type == chain::vote_type::prevote ? "prevote" : "precommit", *v->vote,
                  to_hex_upper(v->vote->validator));
    }

private:
    /// A proposed block carries precommits of the height before, of which some were not sent as votes. Blocks of more than one part are
    /// not put together: "unheard".
    void hear(const chain::part& p) {
        const auto block = chain::decode_block(p.data);
        if (p.proof.total != 1 || !block || !block->last_commit) {
            out_ << "unheard" << std::endl;
            return;
        }
        const auto extended = chain::extended(*block->last_commit);
        for (std::size_t i = 0; i < extended.signatures.size(); ++i)
            if (!extended.signatures[i].is_absent()) {
                const auto v = extended.vote_at(i);
                write("precommit", v, to_hex_upper(v.validator));
            }
    }

    template <class T>
    void write(std::string_view kind, const T& what, std::string_view who) {
        out_ << kind << ' ' << what.height.v << ' ' << what.round.v << ' ' << who << ' '
             << (what.block.hash.empty() ? "nil" : to_hex_upper(what.block.hash)) << ' '
             << to_hex(what.sig) << std::endl;
    }

    std::ofstream out_;
};

/// Between the node and one of its peers.
class link {
public:
    link(runtime::shard& here, record& r, std::string chain, p2p::peer_address node,
         p2p::peer_address peer)
        : here_(here), record_(r), node_(std::move(node)), peer_(std::move(peer)) {
        key_ = crypto::private_key::from_seed(crypto::sha256(view("tap to " + peer_.id)));
        self_.id = p2p::peer_id_of(key_.public_key());
        self_.listen_addr = "tcp://127.0.0.1:1";
        self_.network = std::move(chain);
        self_.version = "tap";
        self_.moniker = "tap";
        for (const auto& c : all_channels())
            self_.channels.push_back(c.id);
    }

    task<void> run() {
        while (true) {
            result<void> lived = co_await carry();
            if (!lived)
                std::cerr << "tap to " << peer_.port << ": " << lived.error().text << std::endl;
            result<void> slept = co_await runtime::sleep_for(pause_between_dials);
            if (!slept)
                co_return;
        }
    }

private:
    task<result<void>> carry() {
        auto from = co_await ok(dial(node_));
        auto to = co_await ok(dial(peer_));
        auto said = [this, &to](p2p::channel_id c, slice m) {
            record_.hear(m);
            return to->send(c, std::move(m));
        };
        auto answered = [&from](p2p::channel_id c, slice m) { return from->send(c, std::move(m)); };
        runtime::scope both(here_);
        both.spawn(run_to_end(*from, said, *to));
        both.spawn(run_to_end(*to, answered, *from));
        co_await both.join();
        co_return result<void>{};
    }

    static task<void> run_to_end(p2p::multiplexed_connection& mine,
                                 p2p::multiplexed_connection::message_handler handler,
                                 p2p::multiplexed_connection& other) {
        error why = co_await mine.run(std::move(handler), [](p2p::channel_id) { return true; });
        other.end(std::move(why));
    }

    task<result<std::unique_ptr<p2p::multiplexed_connection>>> dial(p2p::peer_address to) {
        auto where = runtime::parse_endpoint(format("{}:{}", to.host, to.port));
        if (!where)
            co_return pass(where);
        auto stream = co_await ok(runtime::tcp_connect(*where));
        auto up = co_await ok(p2p::upgrade(std::move(stream), key_, self_, to.id));
        p2p::connection_options how;
        how.send_rate = how.receive_rate = 0;
        co_return std::make_unique<p2p::multiplexed_connection>(
            here_, std::move(up.stream), up.send, up.receive, std::move(up.surplus), all_channels(),
            how);
    }

    runtime::shard& here_;
    record& record_;
    const p2p::peer_address node_, peer_;
    crypto::private_key key_;
    p2p::node_info self_;
};

result<void> run(const std::vector<std::string>& arguments) {
    if (arguments.size() < 4)
        return fail(errc::invalid, "usage: tap CHAIN RECORD NODE PEER...");
    record heard(arguments[1]);
    if (!heard.is_good())
        return fail(errc::io, "cannot write " + arguments[1]);
    TRY(const auto node, p2p::parse_peer_address(arguments[2]));
    TRY(auto io, runtime::uring_backend::open());
    runtime::executor on(std::move(io));
    runtime::shard here(on, 0, "tap");
    runtime::scope tasks(here);
    std::vector<std::unique_ptr<link>> links;
    for (std::size_t i = 3; i < arguments.size(); ++i) {
        TRY(auto peer, p2p::parse_peer_address(arguments[i]));
        links.push_back(std::make_unique<link>(here, heard, arguments[0], node, std::move(peer)));
        tasks.spawn(links.back()->run());
    }
    on.run();
    return {};
}

}  // namespace

int main(int count, char** arguments) {
    const auto ended = run({arguments + 1, arguments + count});
    if (!ended)
        std::cerr << "tap: " << ended.error().text << std::endl;
    return 1;
}
