// SPDX-License-Identifier: Apache-2.0
// How crash points are written, what the steps of a validator are called, and that the process dies exactly there, in a child.
#include "daemon/crash_points.hpp"

#include "base/text.hpp"
#include "chain/messages.hpp"
#include "consensus/engine/records.hpp"
#include "consensus/privval/file.hpp"
#include "storage/memory.hpp"
#include "storage/wal.hpp"
#include "tests/unit/runtime/sim/support.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

using namespace tetrad;
using namespace tetrad::daemon;
using consensus::engine::encode_wal;
using runtime::ok;
using runtime::task;
namespace engine = consensus::engine;
namespace messages = chain::messages;

namespace {

const crash_points::files places{"/node/data/cs.wal/wal", "/node/data/priv_validator_state.json"};

/// What a validator writes in a height, in the order of consensus/engine, with a store beside it.
class height {
public:
    height(height_t h, std::vector<crash_points*> all)
        : h_(h), store_(storage::memory_kv::open(std::make_shared<storage::memory_disk>())) {
        for (auto* points : all)
            store_ = storage::watch_writes(std::move(store_), points->watch_store());
    }
    task<result<void>> run() {
        wal_ = co_await ok(storage::wal::open(places.wal));
        if (h_ == height_t(1))
            co_await ok(end(height_t(0)));
        step("RoundStepNewHeight");
        co_await ok(wal_->flush());
        step("RoundStepPropose");
        chain::proposal p{chain::vote_type::proposal, h_, round_t(0), round_t(-1), {}, {}, {}};
        co_await ok(wal_->sync());
        co_await ok(signer_.sign(p));
        own({messages::proposal_message{p}});
        co_await ok(wal_->sync());
        step("RoundStepPrevote");
        co_await ok(vote(chain::vote_type::prevote));
        step("RoundStepPrecommit");
        co_await ok(vote(chain::vote_type::precommit));
        step("RoundStepCommit");
        co_await ok(wal_->flush());
        write({storage::table::states, storage::table::blocks});
        co_await ok(end(h_));
        write({storage::table::app});
        co_return result<void>{};
    }

private:
    void step(std::string name) {
        wal_->append(encode_wal({}, {engine::wal_step{h_, round_t(0), std::move(name)}}));
    }
    void own(messages::consensus_message m) {
        const slice encoded(messages::encode_consensus(m));
        wal_->append(encode_wal({}, {engine::wal_message{encoded, ""}}));
    }
    task<result<void>> vote(chain::vote_type type) {
        chain::vote v{type, h_, round_t(0), {}, {}, {}, 0, {}, {}, {}};
        co_await ok(wal_->sync());
        co_await ok(signer_.sign(v, false));
        own({messages::vote_message{v}});
        co_await ok(wal_->sync());
        co_return result<void>{};
    }
    task<result<void>> end(height_t h) {
        wal_->append(encode_wal({}, {engine::wal_end_height{h}}));
        return wal_->sync();
    }
    void write(std::initializer_list<storage::table> in) {
        storage::batch b;
        for (const auto t : in)
            b.put(t, view("key"), view("value"));
        REQUIRE(store_->write(b, storage::durability::synced));
    }

    height_t h_;
    std::unique_ptr<storage::wal> wal_;
    consensus::privval::file_signer signer_{
        crypto::private_key::from_seed({}), {}, places.record, "chain"};
    std::unique_ptr<storage::kv> store_;
};

task<void> run_all(std::vector<std::unique_ptr<height>>& heights, runtime::executor& on) {
    for (auto& h : heights) {
        result<void> done = co_await h->run();
        REQUIRE(done);
    }
    on.stop();
}

/// So many heights on a fresh disk, a process for all; the first of `all` stands nearest to the disk.
void live(int heights, std::vector<crash_points*> all) {
    runtime::sim::world world(1);
    auto& host = world.add_host("a", "10.0.0.1");
    host.disk().make_directories("/node/data");
    host.disk().plan().short_io_percent = 0;  // a write in two is two steps
    auto io = host.make_backend();
    for (auto* points : all)
        io = runtime::watch_disk(std::move(io), points->watch_files());
    runtime::executor on(std::move(io));
    std::vector<std::unique_ptr<height>> lives;
    for (int h = 1; h <= heights; ++h)
        lives.push_back(std::make_unique<height>(height_t(h), all));
    runtime::shard here(on, 0, "test");
    runtime::scope tasks(here);
    tasks.spawn(run_all(lives, on));
    on.run();
}

/// The steps of so many heights as they are taken, and where among them the point is reached: before the one that follows "*".
std::vector<std::string> steps_with(std::string_view point, int heights) {
    std::vector<std::string> seen;
    crash_points list({}, places, [&](std::string_view n) { seen.emplace_back(n); });
    auto at = parse_crash_point(point);
    REQUIRE(at);
    crash_points armed(std::move(*at), places, [&](std::string_view) { seen.emplace_back("*"); });
    live(heights, {&list, &armed});
    return seen;
}
std::string around(const std::vector<std::string>& seen) {
    std::string text;
    for (std::size_t i = 0; i < seen.size(); ++i)
        if (seen[i] == "*")
            text += (text.empty() ? "" : ", ") + (i > 0 ? seen[i - 1] : "") + " * " +
                    (i + 1 < seen.size() ? seen[i + 1] : "");
    return text;
}

}  // namespace

TEST_CASE("crash points: name, side, and count or height") {
    const struct {
        const char* text;
        const char* name;
        bool after;
        std::uint64_t count;
        std::int64_t height;
    } good[] = {
        {"states.before:5", "states", false, 5, 0},
        {"app.after:2", "app", true, 2, 0},
        {"index.after:18446744073709551615", "index", true, UINT64_MAX, 0},
        {"blocks.after@7", "blocks", true, 1, 7},
        {"wal.propose.write_own.before:1", "wal.propose.write_own", false, 1, 0},
        {"wal.commit.sync_end.after@3", "wal.commit.sync_end", true, 1, 3},
        {"record.precommit.rename.after:1", "record.precommit.rename", true, 1, 0},
        {"record.prevote.sync_directory.before@2", "record.prevote.sync_directory", false, 1, 2},
    };
    for (const auto& c : good) {
        const auto p = parse_crash_point(c.text);
        INFO(c.text);
        REQUIRE(p);
        CHECK(p->name == c.name);
        CHECK(p->after == c.after);
        CHECK(p->count == c.count);
        CHECK(p->height.value_or(height_t(0)).v == c.height);
    }
    CHECK(parse_crash_point("list")->name.empty());
    for (const char* bad : {"",
                            "states",
                            "states.before",
                            "states:1",
                            "states.before:",
                            "states.before:0",
                            "states.before:-1",
                            "states.before:x",
                            "states.before:1 ",
                            "nothing.before:1",
                            ".before:1",
                            "states.:1",
                            "states.during:1",
                            "states:1.before",
                            "States.before:1",
                            "states.before:18446744073709551616",
                            "states.before@0",
                            "states.before@",
                            "wal.before:1",
                            "wal.propose.before:1",
                            "wal.prevote.rename_own.before:1",
                            "record.prevote.write_own.before:1",
                            "record.never.write.before:1",
                            "list:1",
                            "data.prevote.write.before:1",
                            "wal.prevote.sync_own.after.before:1"}) {
        const auto p = parse_crash_point(bad);
        INFO(bad);
        REQUIRE_FALSE(p);
        CHECK(p.error().code == errc::invalid);
        const auto& why = p.error().text;
        CHECK(why.starts_with("TETRAD_CRASH_POINT: " + quote(bad) + " is not list"));
        for (const char* known : {"blocks, states, index, app", "wal.STEP.OPERATION", "precommit",
                                  "sync_own", "sync_directory"})
            CHECK(why.find(known) != why.npos);
    }
}

TEST_CASE("crash points: every durable step of a height has a name, by what is written") {
    std::vector<std::string> names;
    crash_points list({}, places, [&](std::string_view n) { names.emplace_back(n); });
    live(1, {&list});
    std::vector<std::string> expected = {
        "wal.start.make_directory",   "record.start.sync_directory", "wal.start.sync_inputs",
        "wal.start.sync_directory",   "wal.start.write_end",         "wal.start.sync_end",
        "wal.new_height.write_inputs"};
    for (const std::string step : {"propose", "prevote", "precommit"}) {
        for (const char* inputs : {"write_inputs", "sync_inputs"})
            expected.push_back("wal." + step + "." + inputs);
        for (const char* record : {"write", "sync", "rename", "sync_directory"})
            expected.push_back("record." + step + "." + record);
        for (const char* own : {"write_own", "sync_own"})
            expected.push_back("wal." + step + "." + own);
    }
    for (const char* last : {"wal.commit.write_inputs", "states", "wal.commit.write_end",
                             "wal.commit.sync_end", "app"})
        expected.emplace_back(last);
    CHECK(names == expected);
    for (const auto& n : names) {
        INFO(n);
        CHECK(parse_crash_point(n + ".before:1"));
    }
}

TEST_CASE(
    "crash points: a point is right before or right after its step, once, counted or by height") {
    CHECK(around(steps_with("record.prevote.rename.before:1", 2)) ==
          "record.prevote.sync * record.prevote.rename");
    CHECK(around(steps_with("record.prevote.rename.after:1", 2)) ==
          "record.prevote.rename * record.prevote.sync_directory");
    CHECK(around(steps_with("states.before:2", 2)) == "wal.commit.write_inputs * states");
    CHECK(around(steps_with("blocks.after:1", 2)) == "states * wal.commit.write_end");
    CHECK(around(steps_with("app.after:2", 2)) == "app * ");
    CHECK(around(steps_with("app.after:3", 2)).empty());

    const auto second = steps_with("wal.precommit.sync_own.before:2", 3);
    CHECK(around(second) == "wal.precommit.write_own * wal.precommit.sync_own");
    CHECK(second == steps_with("wal.precommit.sync_own.before@2", 3));
    CHECK(second != steps_with("wal.precommit.sync_own.before@1", 3));
    CHECK(around(steps_with("wal.precommit.sync_own.before@4", 3)).empty());
}

TEST_CASE("crash points: a file that is no part of a validator's memory is called other") {
    runtime::disk_watch watch;
    std::string name;
    crash_points list({}, places, [&](std::string_view n) { name = n; });
    (void)list.watch_files()({runtime::op_code::write, "/node/config/addrbook.json", {}, false});
    CHECK(name == "other");
    CHECK_FALSE(parse_crash_point("other.before:1"));
}

TEST_CASE("crash points: the process dies of a signal that nothing can catch") {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        crash_points points(*parse_crash_point("wal.prevote.sync_own.after:1"), places);
        live(1, {&points});
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
}
