// SPDX-License-Identifier: Apache-2.0
// Scripts of the conformance suite for two shards, each on an executor and a backend of its own: on two threads with io_uring, in one
// with the simulator. What connects them stands before they run; the server does what it is told by name. Included after suite.hpp.
#pragma once

#include "runtime/port.hpp"
#include "runtime/stream.hpp"
#include "tests/unit/runtime/conformance/suite.hpp"

#include <array>
#include <functional>
#include <thread>

namespace tetrad::runtime::conformance {

using text_port = port<std::string, result<std::string>>;
using number_port = port<std::uint64_t, result<void>>;

/// What connects the two, from the client's shard to the server's.
struct wires {
    wires(shard& client, shard& server)
        : calls({"calls", 8, 4}, client, server),
          posts({"posts", 4, 1}, client, server),
          numbers("numbers", 16, client, server) {}
    text_port calls;
    number_port posts;
    stream<std::uint64_t> numbers;
};

class server_side {
public:
    server_side(backend& io, wires& w, endpoint any_address)
        : io_(io), wires_(w), any_address_(std::move(any_address)) {}
    void serve(scope& tasks) {
        wires_.calls.serve(tasks, [this](std::string q) { return handle(std::move(q)); });
        wires_.posts.serve(tasks, [this](std::uint64_t n) { return take(n); });
    }

private:
    task<result<std::string>> handle(std::string q) {
        if (q == "wait") {
            ++waiting_;
            result<void> woken = co_await go_.wait();
            co_return woken ? result<std::string>("woken") : result<std::string>(pass(woken));
        }
        if (q == "go") {
            go_.notify();
            co_return std::to_string(std::exchange(waiting_, 0));
        }
        if (q == "hold posts")
            is_holding_ = true;
        else if (q == "release posts")
            is_holding_ = false, go_.notify();
        else if (q == "close posts")
            wires_.posts.close();
        else if (q == "posts")
            co_return std::to_string(posts_) + (in_order_ ? " in order" : " out of order");
        else if (q == "listen")
            co_return co_await listen();
        else if (q == "echo")
            co_return co_await echo_one();
        else if (q.starts_with("take "))
            co_return co_await take_numbers(std::stoull(q.substr(5)));
        co_return "re: " + q;
    }
    task<result<void>> take(std::uint64_t n) {
        in_order_ = in_order_ && n == posts_;
        ++posts_;
        while (is_holding_) {
            result<void> woken = co_await go_.wait();
            if (!woken)
                co_return pass(woken);
        }
        co_return result<void>{};
    }
    task<result<std::string>> take_numbers(std::uint64_t count) {
        std::array<std::uint64_t, 5> some{};
        std::uint64_t had = 0;
        bool right = true;
        while (had < count) {
            result<std::size_t> n = co_await wires_.numbers.receive(some);
            if (!n)
                co_return pass(n);
            for (std::size_t i = 0; i < *n; ++i)
                right = right && some[i] == had++;
        }
        co_return std::to_string(had) + (right ? " in order" : " out of order");
    }
    task<result<std::string>> listen() {
        auto l = io_.listen(any_address_, 8);
        if (!l)
            co_return pass(l);
        listener_ = l->fd;
        co_return std::to_string(l->bound.port);
    }
    /// Accepts one, sends back one byte, and hangs up.
    task<result<std::string>> echo_one() {
        struct {
            backend& io;
        } here{io_};
        const int fd = co_await one_by_one::accept(here, listener_);
        bytes one(1);
        int n = co_await one_by_one::transfer_once(here, op_code::recv, fd, one);
        n += co_await one_by_one::transfer_once(here, op_code::send, fd, one);
        io_.close(fd);
        io_.close(listener_);
        co_return n == 2 ? result<std::string>("echoed")
                         : result<std::string>(fail(errc::io, "no echo"));
    }

    backend& io_;
    wires& wires_;
    const endpoint any_address_;
    event go_;
    std::size_t waiting_ = 0;
    std::uint64_t posts_ = 0;
    bool in_order_ = true, is_holding_ = false;
    descriptor listener_ = -1;
};

using shards_script = task<void> (*)(stage&, wires&);

inline task<bool> to_the_end(shards_script f, stage& s, wires& w) {
    co_await f(s, w);
    co_return true;
}
inline task<void> run_and_stop(shards_script f, stage& s, wires& w) {
    const bool ended = co_await with_deadline(s.io.now() + 60s, to_the_end(f, s, w));
    s.is("the script ends", ended);
    s.here.on().stop();
}

inline std::vector<std::string> shards_on_uring(shards_script f, uring_options options) {
    auto a = uring_backend::open(options), b = uring_backend::open(options);
    if (!a || !b)
        return {"no io_uring"};
    executor on_client(std::move(*a)), on_server(std::move(*b));
    shard client(on_client, 0, "client"), server(on_server, 1, "server");
    scope of_client(client), of_server(server);
    wires w(client, server);
    server_side serves(on_server.io(), w, address_for(sockets::tcp, ""));
    serves.serve(of_server);
    stage s{on_client.io(), client, "", address_for(sockets::tcp, ""), false, 0, {}};
    of_client.spawn(run_and_stop(f, s, w));
    std::thread other([&] { on_server.run(); });
    on_client.run();
    on_server.stop();
    other.join();
    need_answers(s);
    if (of_server.running() != 0) {
        std::fprintf(stderr, "the server has not ended\n");
        std::abort();  // its frames cannot be destroyed
    }
    return std::move(s.faults);
}

inline std::vector<std::string> shards_in_simulation(shards_script f, std::uint64_t seed) {
    sim::world w(seed);
    sim::host& h = w.add_host("host", "10.0.0.1");
    std::vector<std::string> faults;
    {
        sim::testing::process p(h);
        executor on_server(h.make_backend());
        w.add(on_server);
        shard server(on_server, 1, "server");
        scope of_server(server);
        wires between(p.here, server);
        server_side serves(on_server.io(), between, address_for(sockets::tcp, ""));
        serves.serve(of_server);
        stage s{p.io(), p.here, "", address_for(sockets::tcp, ""), true, 0, {}};
        p.run(to_the_end(f, s, between));
        w.run_for(1s);
        need_answers(s);
        if (of_server.running() != 0)
            s.faults.push_back("the server has not ended");
        faults = std::move(s.faults);
    }
    return faults;
}

inline void conforms(shards_script f) {
    uring_runs runs;
    runs.add("two rings", [f] { return shards_on_uring(f, {}); });
    for (std::uint64_t seed = first_seed(); seed < first_seed() + troubled_seeds; ++seed)
        runs.add(format("two rings, trouble of seed {}", seed),
                 [f, seed] { return shards_on_uring(f, trouble(seed)); });
    for (const outcome& o : runs.take())
        report(o);
    for (std::uint64_t seed = first_seed(); seed < first_seed() + simulated_seeds; ++seed)
        report({format("simulated, seed {}", seed), shards_in_simulation(f, seed)});
}

}  // namespace tetrad::runtime::conformance

#define CONFORMANCE_SHARDS_SCRIPT(function, claim)                 \
    static ::tetrad::runtime::task<void> function(stage&, wires&); \
    TEST_CASE(claim, "[conformance]") { conforms(function); }      \
    static ::tetrad::runtime::task<void> function([[maybe_unused]] stage& s, wires& w)

/// A claim, then the body of a coroutine on the client's shard with `stage& s` and `wires& w`.
#define SHARDS_SCRIPT(claim) CONFORMANCE_SHARDS_SCRIPT(INTERNAL_CATCH_UNIQUE_NAME(script_), claim)
