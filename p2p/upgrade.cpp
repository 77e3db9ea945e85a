// SPDX-License-Identifier: Apache-2.0
#include "p2p/upgrade.hpp"

#include "base/wire/protobuf.hpp"
#include "runtime/shard.hpp"
#include "runtime/timer.hpp"

namespace tetrad::p2p {

using runtime::ok;
using runtime::task;

namespace {

task<result<void>> write_sealed(runtime::tcp_stream& stream, frame_key& key, bytes plain) {
    bytes sealed((plain.size() + frame_data_max - 1) / frame_data_max * frame_sealed_size);
    for (std::size_t i = 0; i * frame_data_max < plain.size(); ++i) {
        const auto data = byte_view(plain).subspan(i * frame_data_max);
        co_await ok(key.seal(data.first(std::min(data.size(), frame_data_max)),
                             byte_span(sealed).subspan(i * frame_sealed_size, frame_sealed_size)));
    }
    result<void> written = co_await stream.write_all(byte_view(sealed));
    co_return written;
}

/// Reads one length-prefixed message; `plain` keeps what is behind it.
task<result<bytes>> read_message(runtime::tcp_stream& stream, frame_key& key, bytes& plain, std::size_t bytes_max) {
    bytes frame(frame_sealed_size);
    for (;;) {
        const auto prefix = wire::read_prefix(plain);
        if (prefix.state == wire::prefix_state::malformed || prefix.value > bytes_max)
            co_return fail(errc::too_large, "a message of the handshake is longer than " + std::to_string(bytes_max) + " bytes");
        if (prefix.state == wire::prefix_state::complete && plain.size() - prefix.size >= prefix.value) {
            const auto first = plain.begin() + static_cast<std::ptrdiff_t>(prefix.size);
            const auto last = first + static_cast<std::ptrdiff_t>(prefix.value);
            bytes message(first, last);
            plain.erase(plain.begin(), last);
            co_return message;
        }
        co_await ok(stream.read_exact(byte_span(frame)));
        result<byte_view> data = key.open(frame);
        if (!data)
            co_return pass(data);
        append(plain, *data);
    }
}

task<result<crypto::public_key>> shake_hands(runtime::tcp_stream& stream, const crypto::private_key& node_key, upgraded& out) {
    runtime::shard& here = co_await runtime::current_shard();
    fixed<32> ephemeral;
    here.io().random().fill(ephemeral.data);
    secret_handshake handshake(ephemeral, node_key);
    crypto::wipe(ephemeral.data);

    const auto hello = handshake.hello();
    co_await ok(stream.write_all(byte_view(hello)));
    std::array<std::uint8_t, hello_size> theirs;
    co_await ok(stream.read_exact(byte_span(theirs)));
    co_await ok(handshake.on_hello(theirs));

    result<bytes> auth = handshake.auth();
    if (!auth)
        co_return pass(auth);
    co_await ok(write_sealed(stream, handshake.send_key, std::move(*auth)));
    result<bytes> answer = co_await read_message(stream, handshake.receive_key, out.surplus, auth_bytes_max);
    if (!answer)
        co_return pass(answer);
    out.send = handshake.send_key;
    out.receive = handshake.receive_key;
    result<crypto::public_key> key = handshake.on_auth(*answer);
    co_return key;
}

task<result<void>> exchange_infos(runtime::tcp_stream& stream, const node_info& ours, upgraded& out) {
    co_await ok(write_sealed(stream, out.send, wire::encode_delimited(ours)));
    result<bytes> answer = co_await read_message(stream, out.receive, out.surplus, node_info_bytes_max);
    if (!answer)
        co_return pass(answer);
    out.info.protocol_version = {0, 0, 0};  // what a peer leaves out is zero, not what we have
    result<void> good = wire::decode_into(*answer, out.info);
    if (!good)
        co_return pass(good, "node info");
    co_return good;
}

}  // namespace

task<result<upgraded>> upgrade(runtime::tcp_stream stream, const crypto::private_key& node_key, const node_info& ours,
                               std::string expected_id) {
    runtime::shard& here = co_await runtime::current_shard();
    upgraded out;
    auto hands = shake_hands(stream, node_key, out);
    result<crypto::public_key> key = co_await runtime::with_deadline(here.now() + handshake_timeout, std::move(hands));
    if (!key)
        co_return pass(key, "secret handshake");
    const std::string id = peer_id_of(*key);
    if (!expected_id.empty() && id != expected_id)
        co_return fail(errc::invalid, "dialed " + expected_id + " but its key says " + id);

    auto infos = exchange_infos(stream, ours, out);
    result<void> exchanged = co_await runtime::with_deadline(here.now() + node_info_timeout, std::move(infos));
    if (!exchanged)
        co_return pass(exchanged, "exchange of node infos");
    co_await ok(check_shape(out.info));
    if (out.info.id != id)
        co_return fail(errc::invalid, "the peer calls itself " + out.info.id + " but its key says " + id);
    if (id == ours.id)
        co_return fail(errc::exists, "connected to ourselves");
    co_await ok(check_compatible(ours, out.info));
    out.stream = std::move(stream);
    co_return out;
}

}  // namespace tetrad::p2p
