// SPDX-License-Identifier: Apache-2.0
// What a crash must not take: the lock, the order in which things become durable, and a signature that was given out. The engine with
// its real WAL, signer and store on a simulated disk.
#include "chain/messages.hpp"
#include "storage/wal_format.hpp"
#include "tests/unit/consensus/engine/solo.hpp"

using namespace tetrad;
using namespace tetrad::consensus;
using namespace tetrad::consensus::engine;
using namespace tetrad::consensus::engine::test;
namespace messages = chain::messages;

namespace {

constexpr height_t h1{1};

/// One of four of the same power; the test plays the three others, of whom the first two rounds have their proposers.
struct jury {
    explicit jury(std::uint64_t seed)
        : world(seed), home(world, "node", "10.0.0.1", one_who_only_votes(), all) {}

    static chain::validator_set validators() {
        return chain::test::growing_chain(all).state.validators;
    }
    static int key_of(const crypto::address& a) {
        for (int key = 1; key <= 4; ++key)
            if (chain::test::public_key(key).address() == a)
                return key;
        FAIL("nobody has this address");
        return 0;
    }
    static int proposer_of(std::int32_t round) {
        const auto set = validators();
        return key_of((round == 0 ? set : set.incremented(round)).proposer().address);
    }
    static int one_who_only_votes() {
        for (int key = 1; key <= 4; ++key)
            if (key != proposer_of(0) && key != proposer_of(1))
                return key;
        return 0;
    }

    /// A valid block, and another for each name.
    chain::block block(std::string_view name, std::int32_t round) const {
        auto b = chain::make_block(home.genesis.state, {slice(to_bytes(name))}, {}, {},
                                   chain::test::public_key(proposer_of(round)).address());
        REQUIRE(error_of(b) == "");
        return *b;
    }
    static chain::block_id id_of(const chain::block& b) {
        return chain::test::growing_chain::id_of(b);
    }

    void start() {
        node.reset();
        node = std::make_unique<solo>(home);
        node->start();
    }
    void propose(const chain::block& b, std::int32_t round) {
        chain::proposal p{chain::vote_type::proposal, h1, round_t(round), round_t(-1), id_of(b),
                          home.genesis.genesis.time,  {}};
        p.sig = chain::test::sign(proposer_of(round),
                                  chain::sign_bytes(p, home.genesis.state.chain_id));
        hear(core::proposal_received{p}, messages::proposal_message{p});
        const auto parts = chain::part_set::of(slice(wire::encode(b)));
        for (std::size_t i = 0; i < parts.total(); ++i)
            hear(part_received{h1, round_t(round), *parts.at(i)},
                 messages::block_part{h1, round_t(round), *parts.at(i)});
    }
    void others_vote(chain::vote_type type, std::int32_t round, const chain::block_id& id) {
        for (int key = 1; key <= 4; ++key) {
            if (key == home.key)
                continue;
            const auto& set = home.genesis.state.validators;
            const auto address = chain::test::public_key(key).address();
            chain::vote v{type,
                          h1,
                          round_t(round),
                          id,
                          home.genesis.genesis.time + 1s,
                          address,
                          static_cast<std::int32_t>(*set.index_of(address)),
                          {},
                          {},
                          {}};
            v.sig = chain::test::sign(key, chain::sign_bytes(v, home.genesis.state.chain_id));
            hear(core::vote_received{std::make_shared<const chain::vote>(v), peer},
                 messages::vote_message{v});
        }
    }
    /// The others saw no majority in round 0.
    void begin_round_1() {
        others_vote(chain::vote_type::precommit, 0, {});
        REQUIRE(
            world.run_until([&] { return node->state().round == round_t(1); }, world.now() + 1min));
    }
    /// What it was first heard to vote; nothing where it does not within a while.
    std::optional<chain::block_id> own_vote(chain::vote_type type, std::int32_t round,
                                            duration limit = 1min) {
        const auto find = [&] {
            return std::ranges::find_if(home.votes, [&](const chain::vote& v) {
                return v.validator == chain::test::public_key(home.key).address() &&
                       v.type == type && v.round == round_t(round);
            });
        };
        world.run_until([&] { return node->halted || find() != home.votes.end(); },
                        world.now() + limit);
        return find() == home.votes.end() ? std::nullopt : std::optional(find()->block);
    }

    static inline const std::vector<chain::test::key_power> all = {
        {1, 10}, {2, 10}, {3, 10}, {4, 10}};
    const core::source peer = core::source(byte_view(crypto::sha256(view("peer"))).first(20));
    sim::world world;
    validator_home home;
    std::unique_ptr<solo> node;

private:
    template <class What, class Message>
    void hear(What what, Message m) {
        node->hear({std::move(what), slice(messages::encode_consensus({std::move(m)})), peer});
    }
};

using chain::vote_type;

/// What of the WAL is on the disk.
struct survived_wal {
    explicit survived_wal(validator_home& home) {
        const auto content = home.host.disk().get_file(home.wal_path).value_or(bytes());
        byte_view rest = content;
        while (true) {
            const auto next = storage::next_wal_record(rest);
            if (next.found != storage::wal_found::record)
                return;
            rest = rest.subspan(next.size);
            const auto read = decode_wal(slice(to_bytes(next.payload)));
            REQUIRE(read);
            if (const auto* e = std::get_if<wal_end_height>(&read->entry->what))
                ends.push_back(e->height);
            if (const auto* m = std::get_if<wal_message>(&read->entry->what))
                add(*m);
        }
    }
    bool has(const chain::vote& v) const { return std::ranges::find(own, v) != own.end(); }
    bool has(const chain::proposal& p) const {
        return std::ranges::find(proposals, p) != proposals.end();
    }
    bool has_end(height_t h) const { return std::ranges::find(ends, h) != ends.end(); }

    std::vector<chain::vote> own, of_others;
    std::vector<chain::proposal> proposals;
    std::vector<height_t> ends;

private:
    void add(const wal_message& m) {
        auto opened = messages::decode_consensus(m.message);
        REQUIRE(opened);
        if (const auto* v = std::get_if<messages::vote_message>(&opened->what))
            (m.from.empty() ? own : of_others).push_back(*v->vote);
        if (const auto* p = std::get_if<messages::proposal_message>(&opened->what))
            proposals.push_back(p->proposal);
    }
};

/// After a loss of power: what peers were told is in the WAL and in the signer's record or before it, and nothing is signed at a
/// height before the end of the one below is in the WAL.
void check_order(validator_home& home) {
    const survived_wal wal(home);
    const auto record = home.record();
    const auto place = [&](std::int64_t h, std::int32_t r, int step) {
        return std::tuple(record.height, record.round, int{record.step}) >= std::tuple(h, r, step);
    };
    const auto self = chain::test::public_key(home.key).address();
    for (const auto& v : home.votes) {
        if (v.validator != self)
            continue;
        INFO("told: " << to_string(v));
        CHECK(wal.has(v));
        CHECK(place(v.height.v, v.round.v, v.type == vote_type::prevote ? 2 : 3));
    }
    for (const auto& p : home.proposals) {
        INFO("told: a proposal of height " << p.height.v);
        CHECK(wal.has(p));
        CHECK(place(p.height.v, p.round.v, 1));
    }
    if (record.height > 0) {
        INFO("signed at height " << record.height);
        CHECK(wal.has_end(height_t(record.height - 1)));
    }
}

}  // namespace

TEST_CASE("wherever the disk fails and the power with it, what was told before is durable") {
    for (const auto code :
         {runtime::op_code::write, runtime::op_code::sync, runtime::op_code::rename})
        for (std::uint64_t skip = 0; skip < 45; ++skip) {
            INFO("operation " << static_cast<int>(code) << ", after " << skip);
            solo_home home(skip + 1);
            seeded_random random(skip + 1);
            home.host.disk().add_fault({code, "", skip + 20, UINT64_MAX, 5});
            {
                solo node(home);
                node.start();
                REQUIRE_FALSE(node.run_to(height_t(100)));
                node.lose_power(random);
            }
            home.host.power_on();
            home.host.disk().clear_faults();
            check_order(home);
            const auto reached = home.stored()->height();
            {
                solo node(home);
                node.start();
                REQUIRE(node.run_to(reached + 2));
                node.lose_power(random);
            }
            check_order(home);
            std::map<std::tuple<height_t, round_t, vote_type>, chain::block_id> told;
            for (const auto& v : home.votes)
                CHECK(told.try_emplace({v.height, v.round, v.type}, v.block).first->second ==
                      v.block);
        }
}

TEST_CASE("a lock survives a crash: another block is not prevoted in the next round") {
    for (const bool power : {false, true})
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            INFO("seed " << seed << (power ? ", power lost" : ", killed"));
            jury j(seed);
            seeded_random random(seed);
            const auto locked = j.block("A", 0), other = j.block("B", 1);
            j.start();
            j.propose(locked, 0);
            REQUIRE(j.own_vote(vote_type::prevote, 0) == jury::id_of(locked));
            j.others_vote(vote_type::prevote, 0, jury::id_of(locked));
            REQUIRE(j.own_vote(vote_type::precommit, 0) == jury::id_of(locked));
            if (power)
                j.node->lose_power(random);
            else
                j.home.host.kill();
            j.node.reset();
            if (power)
                j.home.host.power_on();

            j.start();
            CHECK(is_block(j.node->state().locked_block, jury::id_of(locked)));
            CHECK(j.node->state().locked_round == round_t(0));
            j.begin_round_1();
            j.propose(other, 1);
            CHECK(j.own_vote(vote_type::prevote, 1) == jury::id_of(locked));
            j.node.reset();
        }
}

TEST_CASE("a start is in the round and at the step of the crash, also where timeouts led there") {
    jury j(1);
    seeded_random random(1);
    j.start();
    REQUIRE(j.own_vote(vote_type::prevote, 0) == chain::block_id{});  // nobody proposed
    j.begin_round_1();
    REQUIRE(j.own_vote(vote_type::prevote, 1) == chain::block_id{});
    j.node->lose_power(random);
    j.node.reset();
    j.home.host.power_on();
    j.start();
    CHECK(j.node->state().round == round_t(1));
    CHECK(j.node->state().step >= core::step_t::prevote);
    j.node.reset();
}

TEST_CASE("without the lock it prevotes what is proposed: the test of locks can fail") {
    jury j(1);
    const auto first = j.block("A", 0), other = j.block("B", 1);
    j.start();
    j.propose(first, 0);
    REQUIRE(j.own_vote(vote_type::prevote, 0) == jury::id_of(first));
    j.others_vote(vote_type::prevote, 0, {});
    REQUIRE(j.own_vote(vote_type::precommit, 0) == chain::block_id{});
    j.begin_round_1();
    j.propose(other, 1);
    CHECK(j.own_vote(vote_type::prevote, 1) == jury::id_of(other));
    j.node.reset();
}

TEST_CASE(
    "wherever the disk fails on the way to a precommit, what was signed is kept, and its lock") {
    int precommitted = 0;
    for (const auto code :
         {runtime::op_code::write, runtime::op_code::sync, runtime::op_code::rename})
        for (std::uint64_t skip = 0; skip < 8; ++skip)
            for (std::uint64_t seed = 1; seed <= 5; ++seed) {
                INFO("operation " << static_cast<int>(code) << ", after " << skip << ", seed "
                                  << seed);
                jury j(seed);
                seeded_random random(seed);
                const auto locked = j.block("A", 0), other = j.block("B", 1);
                j.start();
                j.propose(locked, 0);
                REQUIRE(j.own_vote(vote_type::prevote, 0) == jury::id_of(locked));
                j.home.host.disk().add_fault({code, "", skip, UINT64_MAX, 5});
                j.others_vote(vote_type::prevote, 0, jury::id_of(locked));
                const auto said = j.own_vote(vote_type::precommit, 0, 100ms);
                j.node->lose_power(random);
                j.node.reset();
                j.home.host.power_on();
                j.home.host.disk().clear_faults();
                const bool is_signed = j.home.record().step == 3;
                if (is_signed) {  // so is what led to it
                    const survived_wal wal(j.home);
                    CHECK(std::ranges::count(wal.of_others, vote_type::prevote,
                                             &chain::vote::type) >= 2);
                }
                if (said)
                    REQUIRE(is_signed);
                precommitted += is_signed;

                j.start();
                if (is_signed)  // it is said, if it was not
                    CHECK(j.own_vote(vote_type::precommit, 0) == jury::id_of(locked));
                j.begin_round_1();
                j.propose(other, 1);
                const auto next = j.own_vote(vote_type::prevote, 1);
                if (is_signed)
                    CHECK(next == jury::id_of(locked));
                j.node.reset();
            }
    CHECK(precommitted > 0);
}
