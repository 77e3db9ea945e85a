// SPDX-License-Identifier: Apache-2.0
// The watch around the simulated disk, which an executor runs by itself.
#include "runtime/disk_watch.hpp"

#include "runtime/file.hpp"
#include "tests/unit/runtime/sim/support.hpp"

using namespace tetrad;
using namespace tetrad::runtime;

namespace {

std::string_view name_of(const disk_step& s) {
    switch (s.code) {
        case op_code::write: return "write";
        case op_code::sync: return s.of_directory ? "sync-directory" : "sync";
        case op_code::rename: return "rename";
        case op_code::unlink: return "unlink";
        case op_code::make_dir: return "mkdir";
        case op_code::truncate: return "truncate";
        case op_code::allocate: return "allocate";
        default: return "?";
    }
}

struct watched_world {
    sim::world world{1};
    sim::host& host = world.add_host("a", "10.0.0.1");
    std::vector<std::string> heard;

    /// Runs it on an executor of its own, with the watch.
    template <class T>
    T run(task<T> work) {
        executor on(watch_disk(host.make_backend(), [this](const disk_step& s) {
            std::string what = std::string(name_of(s)) + " " + s.path.substr(0, s.path.find("tmp"));
            if (!s.data.empty())
                what += " \"" + std::string(text(s.data)) + "\"";
            heard.push_back(what);
            return [this, what] { heard.push_back("  done: " + what); };
        }));
        std::optional<T> out;
        {
            shard here(on, 0, "test");
            scope tasks(here);
            tasks.spawn(store_and_stop(std::move(work), out, on));
            on.run();
        }
        return std::move(*out);
    }

private:
    template <class T>
    static task<void> store_and_stop(task<T> work, std::optional<T>& out, executor& on) {
        T value = co_await work;
        out.emplace(std::move(value));
        on.stop();
    }
};

task<result<void>> write_twice() {
    co_await ok(make_directory("/data"));
    file f = co_await ok(file::open("/data/log", open_flags::write | open_flags::create));
    co_await ok(f.write_at(0, view("one")));
    co_await ok(f.sync());
    co_await ok(f.allocate(0, 4096));
    co_await ok(f.truncate(2));
    f.close();
    bytes read = co_await ok(read_file("/data/log", 100));
    if (text(read) != "on")
        co_return fail(errc::corrupt, "read something else");
    co_await ok(remove_file("/data/log"));
    co_return result<void>{};
}

}  // namespace

TEST_CASE("a watch hears of every step that changes the disk, before and after, and of no other") {
    watched_world w;
    const auto done = w.run(write_twice());
    INFO((done ? "" : done.error().text));
    REQUIRE(done);
    const std::vector<std::string> steps = {"mkdir /data",        "write /data/log \"one\"",
                                            "sync /data/log",     "allocate /data/log",
                                            "truncate /data/log", "unlink /data/log"};
    std::vector<std::string> expected;
    for (const auto& s : steps) {
        expected.push_back(s);
        expected.push_back("  done: " + s);
    }
    CHECK(w.heard == expected);
}

TEST_CASE("the steps of a replaced file are its temporary file's, the rename and the directory's") {
    watched_world w;
    w.host.disk().make_directories("/data");
    REQUIRE(w.run(replace_file("/data/state", to_bytes("x"), 0600)));
    std::vector<std::string> begun;
    for (const auto& h : w.heard)
        if (!h.starts_with(" "))
            begun.push_back(h);
    CHECK(begun == std::vector<std::string>{"write /data/state. \"x\"", "sync /data/state.",
                                            "rename /data/state", "sync-directory /data"});
}

TEST_CASE("a watch does not hear that a failed step is done") {
    watched_world w;
    w.host.disk().make_directories("/data");
    w.host.disk().add_fault({op_code::sync, "/data/state", 0, 1, 5});
    REQUIRE_FALSE(w.run(replace_file("/data/state", to_bytes("x"), 0600)));
    CHECK(std::ranges::find(w.heard, "  done: sync /data/state.") == w.heard.end());
    CHECK(std::ranges::find(w.heard, "  done: unlink /data/state.") != w.heard.end());
}

namespace {

task<result<void>> write_durably() {
    file f = co_await ok(file::open("/data/log", open_flags::write | open_flags::create));
    co_await ok(f.write_durable_at(0, view("one")));
    co_return result<void>{};
}

}  // namespace

TEST_CASE("a durable write is heard of as the write and the sync that it is") {
    watched_world w;
    w.host.disk().make_directories("/data");
    w.host.disk().plan().short_io_percent = 0;
    REQUIRE(w.run(write_durably()));
    CHECK(w.heard == std::vector<std::string>{"write /data/log \"one\"", "  done: write /data/log \"one\"",
                                              "sync /data/log", "  done: sync /data/log"});
    w.heard.clear();
    w.host.disk().add_fault({op_code::sync, "/data/log", 0, 1, 5});
    REQUIRE_FALSE(w.run(write_durably()));
    CHECK(w.heard.back() == "sync /data/log");
}
