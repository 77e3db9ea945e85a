// SPDX-License-Identifier: Apache-2.0
// What clients send to the rpc server: requests out of a stream, however it is cut the same and never more than the limits; where a body
// ends is what its head says and nobody can see it otherwise; whatever is asked, the answer is one answer, JSON where it says so, not much
// longer than the question, and with no line in its head that the client put there. Arguments that are taken mean the same when they are
// written and read again.
// An input: sizes of the cuts, and the stream.
#include "rpc/handlers.hpp"
#include "rpc/http/cors.hpp"
#include "rpc/http/parser.hpp"
#include "rpc/jsonrpc.hpp"
#include "runtime/executor.hpp"
#include "tests/fuzz/support.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tetrad::fuzz {

namespace {

using namespace rpc;
using runtime::task;

constexpr http::parser_limits limits{600, 1000};
constexpr std::size_t batch_max = 4;

// ---- a shard on which nothing waits ----

class idle final : public runtime::backend {
    void submit(runtime::op&) override { UNREACHABLE(); }
    void cancel(runtime::op&) override { UNREACHABLE(); }
    void turn(instant) override { UNREACHABLE(); }
    void wake() override { UNREACHABLE(); }
    runtime::operation_counts counts() const override { return {}; }
    result<listening> listen(const runtime::endpoint&, int) override { UNREACHABLE(); }
    void shutdown(runtime::descriptor) override { UNREACHABLE(); }
    void shutdown_send(runtime::descriptor) override { UNREACHABLE(); }
    void close(runtime::descriptor) override { UNREACHABLE(); }
    void give_back(void*) override { UNREACHABLE(); }
    result<runtime::endpoint> local_endpoint(runtime::descriptor) override { UNREACHABLE(); }
    result<std::uint64_t> file_size(runtime::descriptor) override { UNREACHABLE(); }
    result<std::vector<std::string>> list_directory(const std::string&) override { UNREACHABLE(); }
    result<std::vector<runtime::endpoint>> resolve(const std::string&, std::uint16_t) override {
        UNREACHABLE();
    }
    instant now() override { return {}; }
    timestamp wall_clock() override { return {}; }
    random_source& random() override { UNREACHABLE(); }
    bool runs_blocking_inline() const override { return true; }
};

task<void> keep(task<http::response> answering, std::optional<http::response>& out) {
    http::response r = co_await answering;
    out = std::move(r);
}

// ---- methods that say what they were asked ----

struct site {
    runtime::executor on{std::make_unique<idle>()};
    runtime::shard here{on, 0, "api"};
    runtime::stop_state never;
    route_table routes;
    std::size_t calls = 0;

    site() {
        add<no_arguments>("status", caching::never);
        add<height_arguments>("block", caching::with_height);
        add<heights_arguments>("blockchain", caching::always);
        add<hash_arguments>("block_by_hash", caching::never);
        add<hex_hash_arguments>("header_by_hash", caching::never);
        add<page_arguments>("validators", caching::with_height);
        add<chunk_arguments>("genesis_chunked", caching::never);
        add<tx_arguments>("broadcast_tx_sync", caching::never);
        add<tx_hash_arguments>("tx", caching::never);
        add<query_arguments>("abci_query", caching::never);
        add<evidence_arguments>("broadcast_evidence", caching::never);
    }

    template <class Arguments>
    void add(std::string name, caching c) {
        add_route<Arguments>(routes, std::move(name), c, [this](Arguments a, json::writer& w) {
            ++calls;
            return say<Arguments>(std::move(a), w);
        });
    }
    template <class Arguments>
    static std::string text_of(const Arguments& a) {
        std::string out;
        json::writer w(out);
        w.begin_object();
        wire::for_each_field<Arguments>([&](const auto& f) {
            w.key(f.name);
            json::write(w, a.*f.member, f.attributes);
        });
        w.end_object();
        return out;
    }
    template <class Arguments>
    static task<result<void>> say(Arguments a, json::writer& w) {
        const std::string said = text_of(a);
        const auto parsed = json::parse(said);
        CHECK(parsed.has_value());
        // A byte that is no UTF-8 is written "\ufffd", read as that character, and written as the character then: as Go does.
        if (const auto again = arguments_from_json<Arguments>(parsed->root()))
            CHECK(text_of(*again) == said || said.find("\\ufffd") != said.npos);
        w.verbatim(said);
        co_return result<void>{};
    }

    http::response answer(const http::request& q) {
        const jsonrpc door(routes, batch_max);
        std::optional<http::response> out;
        calls = 0;
        auto running = keep(door.answer(q), out);
        running.get().promise().start(here.main_queue(), never, nullptr);
        here.main_queue().drive(running.get());
        CHECK(out && calls <= batch_max);
        return std::move(*out);
    }
};

// ---- what holds ----

void check_answer(const http::request& q, const http::response& r) {
    // The list of methods has the host in each of its lines.
    CHECK(r.body.size() <= 16 * (q.body.size() + q.target.size()) + 128 * q.host.size() + 16384);
    if (r.content_type == "application/json" && !r.body.empty())
        CHECK(json::parse(r.body).has_value());
    for (const auto& [name, value] : r.headers)
        CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    const auto sent = http::render(r, {1700000000, 0}, q.keep_alive, false);
    const auto end = sent.find("\r\n\r\n");
    CHECK(end != std::string::npos && std::string_view(sent).substr(end + 4) == r.body);
    CHECK(sent.find(format("\r\nContent-Length: {}\r\n", r.body.size())) < end);
}

// A head says where its request ends: by a length or by chunks, never both.
void check_end(std::string_view stream, std::size_t used) {
    const auto end = stream.find("\r\n\r\n");
    CHECK(end != stream.npos && used <= limits.header_bytes_max + 8 * limits.body_bytes_max);
    std::optional<std::size_t> length;
    bool chunked = false;
    auto head = stream.substr(0, end);
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        if (line.starts_with(' ') || line.starts_with('\t'))
            return;  // goes on with the line before: the parser's business alone
        const auto colon = line.find(':');
        if (colon == line.npos)
            continue;
        const auto name = line.substr(0, colon);
        chunked = chunked || equal_fold(name, "transfer-encoding");
        if (equal_fold(name, "content-length")) {
            const auto said = parse_decimal<std::size_t>(trim(line.substr(colon + 1)));
            CHECK(said && (!length || *length == *said));
            length = *said;
        }
    }
    CHECK(!(chunked && length));
    if (!chunked)
        CHECK(used == end + 4 + length.value_or(0));
}

struct heard {
    std::vector<std::string> requests;
    std::optional<errc> refused;
};

std::string text_of(const http::request& q) {
    std::string out = q.method + " " + q.target + " " + q.path + " " + q.host + " " + q.origin;
    for (const auto* pairs : {&q.query, &q.form})
        for (const auto& [name, value] : *pairs)
            out += "&" + name + "=" + value;
    return out + "\n" + q.body + q.body_problem + (q.keep_alive ? "+" : "-");
}

template <class Each>
heard read(byte_view stream, byte_view sizes, Each each) {
    heard out;
    bytes rest;
    std::size_t cut = 0, taken = 0;
    const auto whole = stream;
    auto parser = std::make_unique<http::request_parser>(limits);
    std::size_t begun = 0;
    while (!stream.empty()) {
        const auto size =
            sizes.empty() ? stream.size()
                          : std::min<std::size_t>(1 + sizes[cut++ % sizes.size()], stream.size());
        append(rest, stream.first(size));
        stream = stream.subspan(size);
        while (!rest.empty()) {
            std::size_t used = 0;
            const auto at = parser->feed(rest, used);
            if (!at) {
                out.refused = at.error().code;
                return out;
            }
            CHECK(used <= rest.size());
            rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(used));
            taken += used;
            if (*at == http::request_parser::progress::more)
                break;
            const auto q = parser->take();
            if (!q) {
                out.refused = q.error().code;
                return out;
            }
            CHECK(q->body.size() <= limits.body_bytes_max &&
                  q->target.size() <= limits.header_bytes_max);
            if (q->body_problem.empty())
                check_end(text(whole).substr(begun), taken - begun);
            begun = taken;
            out.requests.push_back(text_of(*q));
            each(*q);
            if (!q->keep_alive)
                return out;
            parser = std::make_unique<http::request_parser>(limits);
        }
    }
    return out;
}

void run(input in) {
    static site here;
    static const http::cors_rules rules{{"https://*.example", "http://a"}, {}, {"x-a", "x-b"}};
    const auto sizes = in.take(in.below(6));
    const auto stream = in.rest();
    const auto whole = read(stream, {}, [](const http::request& q) {
        if (http::is_preflight(q))
            return check_answer(q, http::answer_preflight(rules, q));
        auto r = here.answer(q);
        http::add_cors_headers(rules, q, r);
        check_answer(q, r);
    });
    // What is no request may be found out earlier or later, and be told another status, but never be one.
    const auto cut = read(stream, sizes, [](const http::request&) {});
    CHECK(cut.requests == whole.requests);
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tetrad::fuzz::run({data, size});
    return 0;
}
