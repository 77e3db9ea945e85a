// SPDX-License-Identifier: Apache-2.0
// A typed door from one shard to another. The client calls; the request travels in a letter that lives in the caller's coroutine
// frame, the server's handler runs as a task on its own shard, and the same letter brings the response back. A small request, or the
// value of a small response, travels beside the letter, in the ring itself: the server then touches one cache line of the client's,
// and the client one of the server's. No allocation but the handler's frame, no lock. Bounded: at most `depth` requests are on their
// way or being served; a further caller waits (call) or is told (try_post). daemon/shard_plan lists every port with its two ends,
// depth and types.
//
//     port<load_block, result<slice>> blocks({"load_block", 64, 8}, network, storage);
//     blocks.serve(scope, [&store](load_block q) { return store.load(q); });      // on storage
//     result<slice> b = co_await blocks.call(q);                                  // on network
//
// Rules: the ports of a pair of shards share its two rings. A call is not cancelled: it returns when the server answered, so a
// server's handlers must end when their scope stops. After close() the server answers what comes with errc::closed; Response must
// therefore be a result<> (result<void> where only posts are made). A port lives until both its shards have stopped.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "runtime/growing_ring.hpp"
#include "runtime/scope.hpp"
#include "runtime/shard.hpp"
#include "runtime/sync.hpp"

namespace tetrad::runtime {

struct port_spec {
    std::string_view name;
    std::size_t depth;         // requests on their way or being served
    std::size_t handlers = 1;  // of them, served at the same time; 1: strictly in order
};

/// What every port has in common, for the plan page and metrics.
class port_base {
public:
    port_base(port_spec spec, shard& client, shard& server);
    const port_spec spec;
    shard& client() const { return client_; }
    shard& server() const { return server_; }

protected:
    shard& client_;
    shard& server_;
};

template <class Request, class Response>
class port : public port_base {
public:
    using handler = std::function<task<Response>(Request)>;

    port(port_spec s, shard& client_shard, shard& server_shard)
        : port_base(s, client_shard, server_shard), credits_(s.depth) {}

    ~port() {
        // Nobody ever served: only posts can be left, a call keeps its caller alive.
        for (; !waiting_.empty(); waiting_.pop_front())
            waiting_.front().mail->drop_undelivered();
    }

    /// Server side: requests are handled by tasks of `scope`, which lives on the server's shard; those that came before wait
    /// for this.
    void serve(scope& tasks, handler h) {
        tasks_ = &tasks;
        handler_ = std::move(h);
        serve_waiting();
    }
    /// Server side: from now on every request is answered with errc::closed, also where serve() was never called.
    void close() {
        closed_ = true;
        handler_ = nullptr;
        serve_waiting();
    }

    /// Client side. Waits for a credit (fails with cancelled / timed_out when stopped meanwhile), then for the answer.
    task<Response> call(Request request) {
        semaphore::unit credit = credits_.try_acquire();
        if (!credit) {
            result<semaphore::unit> waited = co_await credits_.acquire();
            if (!waited)
                co_return pass(waited);
            credit = std::move(*waited);
        }
        call_letter l(std::move(request));
        co_await sent(*this, l);
        co_return std::move(*l.response);
    }

    /// Client side, one way: no answer is waited for. False where no credit is left: the caller drops, coalesces or waits.
    bool try_post(Request request) {
        semaphore::unit credit = credits_.try_acquire();
        if (!credit)
            return false;
        send_post(std::move(request), std::move(credit));
        return true;
    }
    /// Client side, one way, in order: waits for a credit only.
    task<result<void>> post(Request request) {
        result<semaphore::unit> credit = co_await credits_.acquire();
        if (!credit)
            co_return pass(credit);
        send_post(std::move(request), std::move(*credit));
        co_return result<void>{};
    }
    std::size_t free_credits() const { return credits_.free(); }

private:
    struct base_letter : letter {
        explicit base_letter(Request r) : request(std::move(r)) {}
        Request request;
        std::optional<Response> response;
        void (*come_back)(base_letter&) = nullptr;  // on the client's shard
    };
    struct call_letter : base_letter {
        explicit call_letter(Request r) : base_letter(std::move(r)) {
            this->come_back = [](base_letter& b) {
                auto& me = static_cast<call_letter&>(b);
                me.queue->ready(me.caller);
            };
        }
        std::coroutine_handle<> caller;
        task_queue* queue = nullptr;  // the caller's
    };
    struct post_letter : base_letter {
        post_letter(Request r, semaphore::unit c)
            : base_letter(std::move(r)), credit(std::move(c)) {
            this->come_back = [](base_letter& b) { delete static_cast<post_letter*>(&b); };
            this->drop = [](letter& l) {
                auto& me = static_cast<post_letter&>(l);
                me.credit.abandon();  // the port may be gone
                delete &me;
            };
        }
        semaphore::unit credit;
    };
    struct sent {
        sent(port& p, call_letter& m) : door(p), mail(m) {}
        bool await_ready() const noexcept { return false; }
        template <class P>
        void await_suspend(std::coroutine_handle<P> h) noexcept {
            mail.caller = h;
            mail.queue = h.promise().queue;
            door.send_there(mail);
        }
        void await_resume() const noexcept {}
        port& door;
        call_letter& mail;
    };
    struct arrived {
        base_letter* mail;
        Request request;
    };

    void send_post(Request request, semaphore::unit credit) {
        send_there(*new post_letter(std::move(request), std::move(credit)));
    }
    void send_there(base_letter& mail) {
        parcel p{&mail, &port::arrive, this, {}};
        if constexpr (parcel::can_hold<Request>)
            p.put(mail.request);
        client_.send(server_, p);
    }
    static void arrive(parcel& p) {  // on the server
        port& door = *static_cast<port*>(p.to);
        auto& mail = static_cast<base_letter&>(*p.mail);
        if constexpr (parcel::can_hold<Request>)
            door.waiting_.push_back(arrived{&mail, p.get<Request>()});
        else
            door.waiting_.push_back(arrived{&mail, std::move(mail.request)});
        door.serve_waiting();
    }
    void serve_waiting() {
        if (!tasks_ && !closed_)
            return;  // what comes before serve() waits for it
        while (!waiting_.empty() && (closed_ || serving_ < spec.handlers)) {
            arrived next = std::move(waiting_.front());
            waiting_.pop_front();
            if (closed_ || tasks_->stopping()) {
                send_back(*next.mail, fail(errc::closed, std::string(spec.name) + ": stopped"));
                continue;
            }
            ++serving_;
            tasks_->spawn(serve_one(*next.mail, std::move(next.request)));
        }
    }
    task<void> serve_one(base_letter& mail, Request request) {
        Response r = co_await handler_(std::move(request));
        --serving_;
        send_back(mail, std::move(r));
        serve_waiting();
    }
    void send_back(base_letter& mail, Response r) {
        parcel p{&mail, &port::come_back, nullptr, {}};
        if (!put_small(p, r))
            mail.response.emplace(std::move(r));
        server_.send(client_, p);
    }
    static void come_back(parcel& p) {  // on the client
        auto& mail = static_cast<base_letter&>(*p.mail);
        mail.come_back(mail);
    }
    /// Where a response has a small value, p carries it. An error goes by the letter.
    static bool put_small(parcel& p, const Response& r) {
        using value = typename Response::value_type;
        if (!r)
            return false;
        if constexpr (std::is_void_v<value>) {
            p.deliver = [](parcel& came) {
                static_cast<base_letter&>(*came.mail).response.emplace();
                come_back(came);
            };
            return true;
        } else if constexpr (parcel::can_hold<value>) {
            p.put(*r);
            p.deliver = [](parcel& came) {
                static_cast<base_letter&>(*came.mail).response.emplace(came.get<value>());
                come_back(came);
            };
            return true;
        }
        return false;
    }

    // What one thread writes the other must not have to read from the same cache line.
    alignas(64) semaphore credits_;       // client's
    alignas(64) scope* tasks_ = nullptr;  // server's, as all below
    handler handler_;
    std::size_t serving_ = 0;
    bool closed_ = false;
    growing_ring<arrived> waiting_;  // at most `depth`
};

}  // namespace tetrad::runtime
