// SPDX-License-Identifier: Apache-2.0
#include "consensus/privval/file.hpp"

#include "base/wire/json.hpp"
#include "tests/unit/consensus/core/support.hpp"
#include "tests/unit/runtime/sim/support.hpp"

using namespace tetrad;
using namespace tetrad::consensus::privval;
using chain::vote_type;
using consensus::core::test::block_of;
using consensus::core::test::hash_of;
namespace sim = runtime::sim;

namespace {

const std::string path = "/node/data/priv_validator_state.json";

struct home {
    explicit home(std::uint64_t seed = 1) : world(seed), host(world.add_host("a", "10.0.0.1")) {
        host.disk().make_directories("/node/data");
        start({});
    }
    void start(sign_record last) {
        process.reset();
        process = std::make_unique<sim::testing::process>(host);
        signer.emplace(crypto::private_key::from_seed(hash_of("key")), std::move(last), path,
                       "chain");
    }
    sign_record saved() {
        const auto text_ = host.disk().get_file(path);
        REQUIRE(text_);
        auto read = json::from_json<sign_record>(text(*text_));
        REQUIRE(read);
        return *read;
    }
    template <class T>
    result<void> sign(T& what) {
        if constexpr (std::is_same_v<T, chain::vote>)
            return process->run(signer->sign(what, true));
        else
            return process->run(signer->sign(what));
    }

    sim::world world;
    sim::host& host;
    std::unique_ptr<sim::testing::process> process;
    std::optional<file_signer> signer;
};

chain::vote a_vote(vote_type type, std::int64_t height, std::string_view block = "A",
                   timestamp time = {1700000000, 5}) {
    return {type, height_t(height), round_t(0), block_of(block), time, {}, 0, {}, {}, {}};
}

}  // namespace

TEST_CASE("a signature is the key's, and its record is on the disk when it is given out") {
    home h;
    auto v = a_vote(vote_type::prevote, 5);
    REQUIRE(h.sign(v));
    CHECK(h.signer->public_key().verify(chain::sign_bytes(v, "chain"), v.sig));
    CHECK(v.extension_sig.empty());
    const auto record = h.saved();
    CHECK(record.height == 5);
    CHECK(record.step == 2);
    CHECK(equal(record.signature, v.sig));
    CHECK(record.sign_bytes == chain::sign_bytes(v, "chain"));
    CHECK(record == h.signer->last());

    chain::proposal p{vote_type::proposal, height_t(6),     round_t(0), round_t(-1),
                      block_of("B"),       {1700000000, 5}, {}};
    REQUIRE(h.sign(p));
    CHECK(h.signer->public_key().verify(chain::sign_bytes(p, "chain"), p.sig));
    CHECK(h.saved().height == 6);
}

TEST_CASE("a signature that was given out survives a loss of power") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        home h(seed);
        auto first = a_vote(vote_type::prevote, 5), second = a_vote(vote_type::precommit, 5);
        REQUIRE(h.sign(first));
        REQUIRE(h.sign(second));
        h.process.reset();
        h.host.disk().lose_power();
        h.start(h.saved());
        auto again = a_vote(vote_type::precommit, 5, "A", {1800000000, 0});
        REQUIRE(h.sign(again));
        CHECK(again.sig == second.sig);
        CHECK(again.time == second.time);
        auto other = a_vote(vote_type::precommit, 5, "B");
        const auto refused = h.sign(other);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == errc::invalid);
        CHECK(other.sig.empty());
    }
}

TEST_CASE(
    "a signature that is given out again is durable, also where its record was written by a "
    "process "
    "that was killed before it synced the directory") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        home h(seed);
        auto first = a_vote(vote_type::prevote, 5), second = a_vote(vote_type::precommit, 5);
        REQUIRE(h.sign(first));
        h.host.disk().add_fault({runtime::op_code::sync, "/node/data", 1, 1, 5});
        REQUIRE_FALSE(h.sign(second));
        REQUIRE(h.saved().step == 3);  // renamed already
        h.start(h.saved());
        REQUIRE(h.sign(second));
        h.process.reset();
        h.host.disk().lose_power();
        CHECK(h.saved().step == 3);
    }
}

TEST_CASE("extensions are signed for precommits for a block, each time afresh") {
    home h;
    auto v = a_vote(vote_type::precommit, 5);
    v.extension = slice(to_bytes("one"));
    REQUIRE(h.sign(v));
    CHECK(h.signer->public_key().verify(chain::extension_sign_bytes(v, "chain"), v.extension_sig));
    auto again = a_vote(vote_type::precommit, 5);
    again.extension = slice(to_bytes("two"));
    REQUIRE(h.sign(again));
    CHECK(again.sig == v.sig);
    CHECK(h.signer->public_key().verify(chain::extension_sign_bytes(again, "chain"),
                                        again.extension_sig));
    auto nil = a_vote(vote_type::precommit, 6, "nil");
    REQUIRE(h.sign(nil));
    CHECK(nil.extension_sig.empty());
}

TEST_CASE("where the record cannot be saved no signature is given out, then or later") {
    for (const auto code :
         {runtime::op_code::write, runtime::op_code::sync, runtime::op_code::rename}) {
        home h;
        h.host.disk().add_fault({code, "/node", 0, 1, 28});
        auto v = a_vote(vote_type::prevote, 5);
        const auto failed = h.sign(v);
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == errc::fatal);
        CHECK(v.sig.empty());
        auto later = a_vote(vote_type::precommit, 5);
        CHECK_FALSE(h.sign(later));
        CHECK(later.sig.empty());
    }
}
