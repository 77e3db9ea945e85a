// SPDX-License-Identifier: Apache-2.0
// The secret connection: two honest ends, and what stands between them. With nothing changed both learn the other's key and what one
// seals the other opens; a changed byte anywhere is refused, or (in an answer's encoding only) does not matter: nobody ever learns a key
// of anybody else. (Of nobody: for a key of low order a signature of zeros is good whatever was signed, by ZIP-215's rule, which peers
// of CometBFT share.) What an authenticated peer seals may be anything.
// An input: what is changed and how, the keys' seed, and what is said.
#include "base/crypto/hash.hpp"
#include "base/crypto/keys.hpp"
#include "base/wire/varint.hpp"
#include "p2p/secret_connection.hpp"
#include "tests/fuzz/support.hpp"

#include <optional>

namespace tetrad::fuzz {

namespace {

using namespace p2p;

enum change { none, hello, hello_replaced, auth, auth_replaced, frame, changes };

fixed<32> drawn(std::uint8_t seed, std::uint8_t what) {
    const std::uint8_t from[] = {seed, what};
    return crypto::sha256(from);
}

struct end {
    crypto::private_key key;
    secret_handshake hands;
    end(std::uint8_t seed, std::uint8_t who)
        : key(crypto::private_key::from_seed(drawn(seed, who))),
          hands(drawn(seed, static_cast<std::uint8_t>(who + 2)), key) {}
};

void flip(byte_span in, std::size_t place, std::uint8_t mask) {
    if (!in.empty())
        in[place % in.size()] ^= mask;
}

bytes without_prefix(const bytes& delimited) {
    const auto prefix = wire::read_prefix(delimited);
    CHECK(prefix.state == wire::prefix_state::complete &&
          prefix.value + prefix.size == delimited.size());
    return to_bytes(byte_view(delimited).subspan(prefix.size));
}

bytes sealed(frame_key& key, byte_view data) {
    bytes out(frame_sealed_size);
    CHECK(key.seal(data, out));
    return out;
}

// What is said in one direction arrives, up to a frame that was changed, after which nothing does.
void talk(frame_key from, frame_key to, byte_view said, std::size_t step, std::size_t changed,
          std::size_t place, std::uint8_t mask) {
    for (std::size_t i = 0; !said.empty() && i < 8; ++i) {
        const auto data = said.first(std::min(step, said.size()));
        said = said.subspan(data.size());
        bytes wire = sealed(from, data);
        if (i == changed)
            flip(wire, place, mask);
        const auto opened = to.open(wire);
        CHECK(opened.has_value() == (i != changed || mask == 0));
        if (!opened)
            return;
        CHECK(equal(*opened, data));
    }
}

// A peer that has the keys and keeps no rules: any length in front, any bytes behind it.
void say_anything(byte_view plain) {
    const auto key = drawn(0, 9);
    bytes frame(frame_sealed_size);
    const auto taken = plain.first(std::min(plain.size(), frame_plain_size));
    std::copy(taken.begin(), taken.end(), frame.begin());
    const auto before = frame;
    crypto::seal(key, {}, byte_view(frame).first(frame_plain_size), frame);
    const std::size_t length =
        before[0] | before[1] << 8 | before[2] << 16 | static_cast<std::size_t>(before[3]) << 24;
    const auto opened = frame_key(key).open(frame);
    CHECK(opened.has_value() == (length <= frame_data_max));
    if (opened)
        CHECK(equal(*opened, byte_view(before).subspan(4, length)));
}

bool is_nobodys(const crypto::public_key& key) { return key.verify(view("anything"), bytes(64)); }

// `in` instead of what the other end sent.
void answer_anything(const end& one, const end& other, byte_view in) {
    const auto learned = one.hands.on_auth(in);
    CHECK(!learned || *learned == other.key.public_key() || is_nobodys(*learned));
}

void run(input in) {
    const auto what = in.below(changes);
    const auto seed = in.byte(), place_high = in.byte(), place_low = in.byte(), mask = in.byte();
    const std::size_t place = static_cast<std::size_t>(place_high) << 8 | place_low;
    const std::size_t step = 1 + in.number() % frame_data_max;
    const auto said = in.rest();
    say_anything(said);

    end a(seed, 0), b(seed, 1);
    auto to_a = b.hands.hello(), to_b = a.hands.hello();
    if (what == hello)
        flip(to_a, place, mask);
    if (what == hello_replaced)
        std::copy_n(said.begin(), std::min(said.size(), to_a.size()), to_a.begin());
    const bool same_hello = to_a == b.hands.hello();
    const auto greeted = a.hands.on_hello(to_a);
    CHECK(b.hands.on_hello(to_b));
    CHECK(greeted || !same_hello);
    if (!greeted)
        return;

    const auto from_a = a.hands.auth(), from_b = b.hands.auth();
    CHECK(from_a && from_b);
    const auto auth_a = without_prefix(*from_a);
    auto auth_b = without_prefix(*from_b);
    if (what == auth)
        flip(auth_b, place, mask);
    if (what == auth_replaced) {
        answer_anything(a, b, said);
        auth_b.resize(std::min(auth_b.size(), place));
        append(auth_b, said);
    }
    const bool same_auth = auth_b == without_prefix(*from_b);
    const auto learned = a.hands.on_auth(auth_b), learned_back = b.hands.on_auth(auth_a);
    // The top bit of a key is ignored (RFC 7748) and the challenge holds the key as sent, so any other greeting is found out here.
    CHECK(learned_back.has_value() == same_hello);
    CHECK(!learned || is_nobodys(*learned) || (same_hello && *learned == b.key.public_key()));
    CHECK(learned || !same_hello || !same_auth);
    if (!learned || !same_hello)
        return;
    const auto changed = what == frame ? place_high % 9 : 9u;
    talk(a.hands.send_key, b.hands.receive_key, said, step, changed, place, mask);
    talk(b.hands.send_key, a.hands.receive_key, said, step, changed, place, mask);
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tetrad::fuzz::run({data, size});
    return 0;
}
