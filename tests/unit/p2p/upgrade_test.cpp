// SPDX-License-Identifier: Apache-2.0
// From a raw stream to an authenticated one, against a far end that the test plays byte by byte.
#include "p2p/upgrade.hpp"

#include "tests/unit/p2p/support.hpp"

#include <functional>

using namespace tetrad;
using namespace tetrad::p2p;
using namespace tetrad::p2p::testing;
namespace sim = tetrad::runtime::sim;

namespace {

const bytes two_channels = {0x20, 0x40};

task<result<void>> connect_both(runtime::endpoint to, tcp_stream& out) {
    out = co_await ok(runtime::tcp_connect(to));
    co_return result<void>{};
}
task<result<void>> accept_one(tcp_listener& l, tcp_stream& out) {
    out = co_await ok(l.accept());
    co_return result<void>{};
}
task<result<bytes>> read_bytes(tcp_stream& from, std::size_t n) {
    bytes into(n);
    co_await ok(from.read_exact(byte_span(into)));
    co_return into;
}

/// Node 1 upgrades a connection whose other end is the test's, which speaks as node 2 where it keeps the rules.
struct upgrading {
    sim::world w{7};
    sim::host& ha = w.add_host("node", "10.0.0.1");
    sim::host& hb = w.add_host("peer", "10.0.0.2");
    process a{ha}, b{hb};
    tcp_stream near_end, far;
    secret_handshake hands{fixed<32>{{9, 9}}, key_of(2)};
    const crypto::private_key key = key_of(1);
    const node_info ours = info_of(1, two_channels);
    std::optional<result<upgraded>> out;
    instant began;

    explicit upgrading(std::string expected_id = "") {
        auto listener = listen_on(a, ha.at(p2p_port));
        REQUIRE(b.run(connect_both(ha.at(p2p_port), far)));
        REQUIRE(a.run(accept_one(listener, near_end)));
        began = w.now();
        a.tasks.spawn(store<result<upgraded>>(
            upgrade(std::move(near_end), key, ours, std::move(expected_id)), out));
    }

    void write(byte_view raw) { (void)b.run(write_owned(far, to_bytes(raw))); }
    bytes read(std::size_t n) {
        auto got = b.run(read_bytes(far, n));
        INFO(refusal(got) << ", the node: " << (out ? refusal(*out) : "undecided"));
        REQUIRE(got.has_value());
        return std::move(*got);
    }
    void exchange_hellos() {
        write(hands.hello());
        REQUIRE(hands.on_hello(read(hello_size)));
    }
    void write_frames(byte_view plain) { write(sealed(hands.send_key, plain)); }
    bytes read_frame() {
        auto frame = read(frame_sealed_size);
        const auto data = hands.receive_key.open(frame);
        REQUIRE(data.has_value());
        return to_bytes(*data);
    }
    void authenticate() {
        exchange_hellos();
        write_frames(*hands.auth());
        read_frame();
    }
    void send_info(const node_info& info) { write_frames(wire::encode_delimited(info)); }

    /// Runs on until node 1 has decided.
    std::string outcome() {
        REQUIRE(w.run_until([&] { return out.has_value(); }, w.now() + 1min));
        return refusal(*out);
    }
    duration took() const { return w.now() - began; }
};

std::string after_info(const std::function<void(node_info&)>& change, std::string expected = "") {
    upgrading t(std::move(expected));
    t.authenticate();
    auto info = info_of(2, two_channels);
    change(info);
    t.send_info(info);
    return t.outcome();
}

}  // namespace

TEST_CASE("two nodes upgrade a connection, and each learns who the other is") {
    sim::world w(3);
    sim::host &ha = w.add_host("a", "10.0.0.1"), &hb = w.add_host("b", "10.0.0.2");
    process a(ha), b(hb);
    auto listener = listen_on(b, hb.at(p2p_port));
    std::optional<result<upgraded>> inbound;
    b.tasks.spawn(store<result<upgraded>>(
        accept_and_upgrade(listener, key_of(2), info_of(2, two_channels)), inbound));
    auto outbound =
        a.run(dial_and_upgrade(hb.at(p2p_port), key_of(1), info_of(1, two_channels), id_of(2)));
    REQUIRE(outbound.has_value());
    REQUIRE(w.run_until([&] { return inbound.has_value(); }, w.now() + 1s));
    REQUIRE(inbound->has_value());
    CHECK(outbound->info == info_of(2, two_channels));
    CHECK((*inbound)->info == info_of(1, two_channels));

    auto frame = sealed(outbound->send, view("to b"));
    const auto opened = (*inbound)->receive.open(frame);
    REQUIRE(opened.has_value());
    CHECK(equal(*opened, view("to b")));
}

TEST_CASE("the far end may cut its messages into any frames, and what is behind its info is kept") {
    upgrading t;
    t.exchange_hellos();
    const auto auth = *t.hands.auth();
    for (const auto byte : auth)
        t.write_frames(byte_view(&byte, 1));
    t.read_frame();
    auto all = wire::encode_delimited(info_of(2, two_channels));
    append(all, view("surplus"));
    t.write_frames(byte_view(all).first(10));
    t.write_frames(byte_view(all).subspan(10));
    CHECK(t.outcome() == "accepted");
    CHECK(equal((*t.out)->surplus, view("surplus")));
    CHECK((*t.out)->info.moniker == "node-2");
}

TEST_CASE(
    "a far end that says nothing is given up after three seconds, one that stops later three "
    "seconds after that") {
    upgrading silent;
    CHECK(contains(silent.outcome(), "secret handshake"));
    CHECK((*silent.out).error().code == errc::timed_out);
    CHECK(silent.took() >= 3s);
    CHECK(silent.took() < 3001ms);

    upgrading without_auth;
    without_auth.exchange_hellos();
    CHECK(contains(without_auth.outcome(), "secret handshake"));
    CHECK(without_auth.took() >= 3s);
    CHECK(without_auth.took() < 3001ms);

    upgrading without_info;
    without_info.authenticate();
    CHECK(contains(without_info.outcome(), "exchange of node infos"));
    CHECK(without_info.took() >= 3s);
    CHECK(without_info.took() < 3200ms);
}

TEST_CASE("a far end that drips bytes does not stretch the deadline") {
    upgrading t;
    t.exchange_hellos();
    for (int i = 0; i < 10 && !t.out; ++i) {
        t.write(bytes(1, 0x55));
        t.w.run_for(500ms);
    }
    CHECK(contains(t.outcome(), "secret handshake"));
    CHECK(t.took() < 6s);
    CHECK(t.out->error().code == errc::timed_out);
}

TEST_CASE("a length without an end is refused as soon as it is too long") {
    upgrading t;
    t.exchange_hellos();
    for (int i = 0; i < 10; ++i)
        t.write_frames(bytes(1, 0x80));
    CHECK(contains(t.outcome(), "longer than 1048576 bytes"));
    CHECK(t.took() < 1s);
}

TEST_CASE("a greeting that is no greeting, ends early or has a low-order key is refused at once") {
    upgrading http;
    http.write(view("GET / HTTP/1.1\r\nHost: 10.0.0.1:26656\r\n\r\n"));
    CHECK(contains(http.outcome(), "the greeting is not a CometBFT node's"));
    CHECK(http.took() < 1s);

    upgrading truncated;
    truncated.write(byte_view(truncated.hands.hello()).first(20));
    truncated.far.close();
    CHECK(truncated.outcome() != "accepted");
    CHECK(truncated.took() < 1s);

    upgrading low_order;
    auto hello = low_order.hands.hello();
    std::fill(hello.begin() + 3, hello.end(), std::uint8_t{0});
    low_order.write(hello);
    CHECK(low_order.outcome() != "accepted");
    CHECK(low_order.took() < 1s);
}

TEST_CASE("garbage in place of frames is refused at once") {
    upgrading t;
    t.exchange_hellos();
    t.write(bytes(frame_sealed_size, 0x42));
    CHECK(contains(t.outcome(), "a frame does not decrypt"));
    CHECK(t.took() < 1s);
}

TEST_CASE("an authentication that claims more than a mebibyte is refused before it is received") {
    upgrading t;
    t.exchange_hellos();
    bytes prefix;
    wire::append_uvarint(prefix, auth_bytes_max + 1);
    t.write_frames(prefix);
    CHECK(contains(t.outcome(), "longer than 1048576 bytes"));
    CHECK(t.took() < 1s);
}

TEST_CASE("a wrong proof of the far end's key is refused") {
    upgrading t;
    t.exchange_hellos();
    secret_handshake other(fixed<32>{{8}}, key_of(2));
    REQUIRE(other.on_hello(t.hands.hello()));
    t.write_frames(*other.auth());  // of another connection's challenge
    CHECK(contains(t.outcome(), "signature of the challenge is wrong"));
}

TEST_CASE("an info longer than 10240 bytes is refused by its length") {
    upgrading t;
    t.authenticate();
    bytes prefix;
    wire::append_uvarint(prefix, node_info_bytes_max + 1);
    t.write_frames(prefix);
    CHECK(contains(t.outcome(), "longer than 10240 bytes"));
    CHECK(t.took() < 1s);

    CHECK(after_info([](node_info& i) { i.moniker.assign(10000, 'm'); }) == "accepted");
}

TEST_CASE("an info that is malformed is refused") {
    upgrading t;
    t.authenticate();
    t.write_frames(*from_hex("03ffffff"));
    CHECK(contains(t.outcome(), "node info"));
    CHECK(contains(after_info([](node_info& i) { i.moniker.clear(); }), "moniker"));
}

TEST_CASE("whom we dialed must be who answers") {
    CHECK(after_info([](node_info&) {}, id_of(2)) == "accepted");
    upgrading t(id_of(3));
    t.exchange_hellos();
    t.write_frames(*t.hands.auth());
    CHECK(t.outcome() == "dialed " + id_of(3) + " but its key says " + id_of(2));
}

TEST_CASE("an info must carry the id of the key that proved itself") {
    CHECK(contains(after_info([](node_info& i) { i.id = id_of(3); }), "calls itself " + id_of(3)));
    CHECK(contains(
        after_info([](node_info& i) { std::ranges::transform(i.id, i.id.begin(), ::toupper); }),
        "calls itself"));
}

TEST_CASE("another network, another block protocol or no channel in common is no peer") {
    CHECK(contains(after_info([](node_info& i) { i.network = "another-chain"; }),
                   "on network \"another-chain\""));
    CHECK(contains(after_info([](node_info& i) { i.protocol_version.block = 12; }),
                   "block protocol 12"));
    CHECK(contains(after_info([](node_info& i) { i.protocol_version.block = 0; }),
                   "block protocol 0"));  // which is not on the wire
    CHECK(contains(after_info([](node_info& i) { i.channels = {0x30}; }), "no channel in common"));
}

TEST_CASE("our own node at the other end is told from a peer") {
    upgrading t;
    t.hands = secret_handshake(fixed<32>{{9, 9}}, key_of(1));
    t.authenticate();
    t.send_info(info_of(1, two_channels));
    CHECK(t.outcome() == "connected to ourselves");
}

TEST_CASE("a connection that was refused is closed") {
    upgrading t;
    t.write(bytes(hello_size, 1));
    CHECK(t.outcome() != "accepted");
    t.w.run_for(1s);
    t.far.close();
    t.w.run_for(1min);
    CHECK(t.w.net().open_ends() == 0);
}
