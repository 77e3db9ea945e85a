// SPDX-License-Identifier: Apache-2.0
// What costs a peer its connection, and nobody anything else: every rule of reception, broken by a stranger who speaks the real
// protocol to one of four validators.
#include "tests/sim/validators.hpp"
#include "tests/unit/consensus/gossip/bad_messages.hpp"

using namespace tetrad;
using namespace tetrad::sim_test;
namespace gossip = consensus::gossip;

namespace {

// ---- bytes that no message of ours can hold ----

bytes number(std::uint32_t field, std::uint64_t v) {
    bytes out;
    for (std::uint64_t rest : {std::uint64_t{field} << 3, v}) {
        for (; rest >= 0x80; rest >>= 7)
            out.push_back(static_cast<std::uint8_t>(rest | 0x80));
        out.push_back(static_cast<std::uint8_t>(rest));
    }
    return out;
}
bytes nested(std::uint32_t field, byte_view content) {
    bytes out = number(field, content.size());
    out[0] |= 2;  // fields below 16: one byte
    append(out, content);
    return out;
}
bytes joined(std::initializer_list<bytes> parts) {
    bytes out;
    for (const auto& p : parts)
        append(out, p);
    return out;
}

/// A precommit for a block, well-formed but for what the test changes.
struct raw_vote {
    std::size_t address = 20, hash = 32, signature = 64, extension = 0, extension_signature = 0;

    bytes message() const {
        const bytes id = joined({nested(1, bytes(hash, 1)),
                                 nested(2, joined({number(1, 1), nested(2, bytes(32, 2))}))});
        bytes vote =
            joined({number(1, 2), number(2, 5), nested(4, id), nested(5, number(1, 1700000000)),
                    nested(6, bytes(address, 3)), nested(8, bytes(signature, 4))});
        if (extension > 0)
            append(vote, nested(9, bytes(extension, 5)));
        if (extension_signature > 0)
            append(vote, nested(10, bytes(extension_signature, 6)));
        return nested(6, nested(1, vote));
    }
};

bytes raw_proposal(std::size_t signature, std::size_t parts_hash = 32) {
    const bytes id = joined({nested(1, bytes(32, 1)),
                             nested(2, joined({number(1, 1), nested(2, bytes(parts_hash, 2))}))});
    return nested(3, nested(1, joined({number(1, 32), number(2, 5),
                                       number(4, ~std::uint64_t{0}),  // no proof of lock
                                       nested(5, id), nested(6, number(1, 1700000000)),
                                       nested(7, bytes(signature, 4))})));
}

struct row {
    std::string what;
    p2p::channel_id channel;
    bytes message;
    std::string why;  // what the node's log says
};

std::vector<row> rows() {
    std::vector<row> all;
    for (const auto& bad : gossip::test::bad_messages())
        all.push_back({bad.why, gossip::test::channel_of(bad.message),
                       messages::encode_consensus(bad.message), bad.why});
    // A bit array of 70 bits takes two words.
    const auto bits = [](std::size_t words) {
        bytes out = number(1, 70);
        for (std::size_t i = 0; i < words; ++i)
            append(out, number(2, 1));
        return out;
    };
    const auto add = [&](std::string what, p2p::channel_id c, bytes m, std::string why) {
        all.push_back({std::move(what), c, std::move(m), std::move(why)});
    };
    add("nothing", channels::state, {}, "unknown message");
    add("a message of a later version", channels::state, nested(10, number(1, 5)),
        "unknown message");
    add("cut short", channels::data, {0x1a, 0x50, 0x01}, "");
    add("no vote", channels::vote, {0x32, 0x00}, "");
    add("a vote's signature of 65 bytes", channels::vote, raw_vote{.signature = 65}.message(),
        "malformed protobuf message");
    add("a vote's signature of none", channels::vote, raw_vote{.signature = 0}.message(),
        "signature is missing");
    add("an address of 19 bytes", channels::vote, raw_vote{.address = 19}.message(), "ddress");
    add("an address of 21 bytes", channels::vote, raw_vote{.address = 21}.message(),
        "malformed protobuf message");
    add("a block's hash of 31 bytes", channels::vote, raw_vote{.hash = 31}.message(), "");
    add("an extension's signature of 65 bytes", channels::vote,
        raw_vote{.extension = 1, .extension_signature = 65}.message(),
        "malformed protobuf message");
    add("an extension without a signature", channels::vote, raw_vote{.extension = 1}.message(),
        "vote extension signature absent");
    add("a proposal's signature of 65 bytes", channels::data, raw_proposal(65),
        "malformed protobuf message");
    add("a proposal's signature of none", channels::data, raw_proposal(0), "signature is missing");
    add("half an id", channels::data, raw_proposal(64, 0), "");
    add("bits without a word", channels::data,
        nested(4, joined({number(1, 5), nested(3, bits(1))})), "ProposalPOL");
    add("bits with a word too many", channels::vote_set_bits,
        nested(9, joined({number(1, 5), number(3, 1), nested(5, bits(3))})), "Votes");
    // Of a height that is far away, as all else here: well-formed or not comes first.
    add("larger than any message", channels::vote, bytes(1048577, 7), "");
    return all;
}

}  // namespace

TEST_CASE("a message that breaks a rule costs its sender the connection, and the network goes on") {
    validators net(1);
    net.start();
    auto& bystander = net.add_machine();
    net.connect(bystander, 0);
    auto& stranger = net.add_machine();
    const auto all = rows();
    REQUIRE(all.size() == 76);
    for (const auto& r : all) {
        INFO(r.what);
        net.connect(stranger, 0);
        const log_tail log(*net.nodes[0]);
        stranger.peers[0]->send_message(r.channel, r.message);
        const bool dropped = net.until([&] { return !stranger.is_connected(0); }, 1s);
        INFO(log.text());
        REQUIRE(dropped);
        CHECK(log.contains("peer gone", r.why));
        CHECK(log.contains("peer gone", stranger.id()));
        REQUIRE(net.goes_on());
    }
    CHECK(bystander.is_connected(0));
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(net.nodes[i]->running->hub()->peer_count() == (i == 0 ? 4 : 3));
    net.check_agreement();
}

TEST_CASE("the same raw messages, not spoiled, cost nothing") {
    validators net(2);
    net.start();
    auto& stranger = net.add_machine();
    net.connect(stranger, 0);
    stranger.peers[0]->send_message(channels::vote, raw_vote{}.message());
    stranger.peers[0]->send_message(channels::data, raw_proposal(64));
    stranger.peers[0]->send_message(channels::vote,
                                    raw_vote{.extension = 1, .extension_signature = 64}.message());
    for (const auto& m : gossip::test::one_of_each())
        stranger.peers[0]->send_message(gossip::test::channel_of(m), messages::encode_consensus(m));
    REQUIRE(net.goes_on(3));
    CHECK(stranger.is_connected(0));
}

TEST_CASE("two claims of a majority that contradict each other cost the connection") {
    validators net(3);
    net.start();
    auto& stranger = net.add_machine();
    net.connect(stranger, 0);
    const height_t h = net.next_height(0);
    const log_tail log(*net.nodes[0]);
    for (const std::string_view block : {"A", "A", "B"})
        stranger.peers[0]->send_message(
            channels::state,
            messages::encode_consensus({messages::vote_set_maj23{h, round_t(0), vote_type::prevote,
                                                                 gossip::test::block_of(block)}}));
    REQUIRE(net.until([&] { return !stranger.is_connected(0); }, 1s));
    CHECK(log.contains("peer gone", "conflicting claims of a majority"));
    REQUIRE(net.goes_on());
}
