// SPDX-License-Identifier: Apache-2.0
#include "daemon/start.hpp"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "config/home.hpp"
#include "daemon/crash_points.hpp"
#include "daemon/node.hpp"
#include "daemon/signals.hpp"
#include "daemon/supervisor.hpp"
#include "runtime/executor.hpp"
#include "runtime/health.hpp"
#include "runtime/shard.hpp"
#include "runtime/topology.hpp"
#include "runtime/uring/backend.hpp"
#include "storage/rocks.hpp"

namespace tetrad::daemon {

namespace {

/// One executor and its shards, on a thread of its own once started.
struct machine_thread {
    std::unique_ptr<runtime::executor> loop;
    std::vector<std::unique_ptr<runtime::shard>> shards;
    log_sink* sink = nullptr;
    std::thread running;
};

/// Null but in tests of crash safety.
result<std::unique_ptr<crash_points>> armed_crash_points(const config::settings& s) {
    const char* point = std::getenv("TETRAD_CRASH_POINT");
    if (!point)
        return nullptr;
    TRY(auto at, parse_crash_point(point));
    return std::make_unique<crash_points>(std::move(at), crash_points::files{config::wal_file(s), config::validator_state_file(s)});
}

/// The store, with the genesis document that the chain began with: a stored one wins over the file, as in CometBFT.
result<std::unique_ptr<storage::store>> open_store(node_options& o, crash_points* crash, const logger& log) {
    const std::string path = config::database_directory(o.settings) + "/" + store_name;
    TRY(auto db, storage::open_rocks(path));
    if (crash)
        db = storage::watch_writes(std::move(db), crash->watch_store());
    TRY(auto store, storage::store::open(std::move(db)));
    TRY(const auto stored, store->genesis());
    if (!stored) {
        TRY_VOID(store->save_genesis(view(o.genesis_text)));
        return store;
    }
    if (!equal(*stored, view(o.genesis_text))) {
        log.info("the genesis file differs from the one this store began with; the stored one is used");
        o.genesis_text = std::string(text(*stored));
        TRY(o.genesis, chain::genesis_from_json(o.genesis_text));
        TRY_VOID(chain::validate_and_complete(o.genesis, o.genesis.time));
    }
    return store;
}

}  // namespace

result<void> run_node(const node_options& given) {
    node_options options = given;
    TRY(const auto crash, armed_crash_points(options.settings));
    TRY(const auto signals, stop_signals::create());
    const auto cores = runtime::usable_cores();
    TRY(const auto place, runtime::place_shards(cores, static_cast<std::size_t>(options.settings.shards.rotate),
                                                options.settings.shards.placement));

    TRY(const auto logs, log_thread::create({options.levels, options.format, {}, 1024}));
    std::vector<machine_thread> threads(place.threads.size());
    std::array<runtime::shard*, runtime::roles> shards{};
    std::array<logger, runtime::roles> loggers;
    std::string ring;
    runtime::executor_options how;
    how.spin = std::chrono::microseconds(options.settings.shards.spin_us);
    for (std::size_t t = 0; t < threads.size(); ++t) {
        how.thread = std::to_string(t);
        runtime::uring_options ring_options;
        ring_options.may = ring_operations(place.threads[t].shards);
        TRY(auto opened, runtime::uring_backend::open(ring_options));
        ring = opened->description();
        std::unique_ptr<runtime::backend> io = std::move(opened);
        if (crash)
            io = runtime::watch_disk(std::move(io), crash->watch_files());
        runtime::backend& clock = *io;
        threads[t].sink = &logs->add_port([&clock] { return clock.wall_clock(); });
        threads[t].loop = std::make_unique<runtime::executor>(std::move(io), how);
        threads[t].loop->set_report([log = logger(*threads[t].sink, "runtime")](std::string_view line) { log.error(line); });
        for (const auto r : place.threads[t].shards) {
            const auto i = static_cast<std::size_t>(r);
            threads[t].shards.push_back(std::make_unique<runtime::shard>(
                *threads[t].loop, i, std::string(runtime::name(r)), main_queue(r)));
            shards[i] = threads[t].shards.back().get();
            loggers[i] = logger(*threads[t].sink, runtime::name(r));
        }
    }
    const auto storage_thread = place.thread_of(runtime::role::storage);
    logger main_log(logs->add_port([&] { return threads[0].loop->io().wall_clock(); }), "main");
    logs->start();
    main_log.info("starting", "version", options.version, "chain", options.genesis.chain_id);
    main_log.info("placement", "shards", place.text(), "ring", ring);

    TRY(auto store, open_store(options, crash.get(), main_log));
    const char* notify = std::getenv("NOTIFY_SOCKET");
    const supervisor manager(notify ? notify : "");
    manager.tell("STATUS=waiting for the first height");
    std::atomic<bool> told{false};
    std::atomic<int> changes{0};
    node* built = nullptr;
    auto on_change = [&] {
        if (built->failure())
            signals->stop(built->failure()->text);
        else if (built->is_moving() && !told.exchange(true))
            manager.tell("READY=1\nSTATUS=running");
        ++changes;
        changes.notify_all();
    };
    node_parts parts{{*shards[0], *shards[1], *shards[2], *shards[3]},
                     std::move(store),
                     place.threads[storage_thread].shards.size() == 1,
                     loggers,
                     on_change};
    node running(options, std::move(parts));
    built = &running;
    running.start();
    for (std::size_t t = 0; t < threads.size(); ++t) {
        const auto& where = place.threads[t];
        threads[t].running = std::thread([&, t] {
            std::string name = "tetrad";
            for (const auto r : where.shards)
                name += "-" + std::string(runtime::name(r)).substr(0, 3);
            if (auto pinned = runtime::pin_this_thread(where.core, name); !pinned)
                logger(*threads[t].sink, "main").error("cannot pin a thread", "core", where.core, "why", pinned.error().text);
            threads[t].loop->run();
        });
    }

    std::vector<const runtime::executor*> loops;
    for (const auto& t : threads)
        loops.push_back(t.loop.get());
    runtime::heartbeat_watch hearts(std::move(loops));
    const char* watchdog = std::getenv("WATCHDOG_USEC");
    const auto why = signals->wait_for_stop(watchdog_period(watchdog ? watchdog : ""), [&] {
        if (const auto well = hearts.look())
            manager.tell("WATCHDOG=1");
        else
            main_log.error("a thread does not come around", "where", well.error().text);
    });
    main_log.info("stopping", "why", why);
    manager.tell("STOPPING=1");
    running.request_stop();
    for (int seen = changes; !running.is_stopped(); seen = changes)
        changes.wait(seen);
    for (auto& t : threads) {
        t.loop->stop();
        t.running.join();
    }
    logs->stop();
    if (running.failure())
        return std::unexpected<error>(*running.failure());
    return {};
}

}  // namespace tetrad::daemon
