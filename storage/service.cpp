// SPDX-License-Identifier: Apache-2.0
#include "storage/service.hpp"

namespace tetrad::storage {

using runtime::task;

void service::check(const error& e) {
    if (halted_ || (e.code != errc::fatal && e.code != errc::corrupt && e.code != errc::io))
        return;
    halted_ = true;
    halt_(e);
}

template <class F>
task<std::invoke_result_t<F&, store&>> service::on_disk(F work) {
    store& s = *store_;
    auto job = [&s, &work] { return work(s); };
    auto done = co_await disk_.run(job);
    if (!done)
        check(done.error());
    co_return done;
}

void service::serve(read_port& p, runtime::scope& tasks) {
    p.serve(tasks, [this](read_job j) {
        return on_disk([j](store& s) { return j.call(j.work, s); });
    });
}

void service::serve(commit_port& p, runtime::scope& tasks) {
    p.serve(tasks, [this](block_commit c) {
        return on_disk([commit = std::make_shared<const block_commit>(std::move(c))](store& s) { return s.apply(*commit); });
    });
}

void service::serve(app_write_port& p, runtime::scope& tasks) {
    p.serve(tasks, [this](app_write w) {
        return on_disk([write = std::make_shared<const app_write>(std::move(w))](store& s) { return s.write_app(*write); });
    });
}

void service::serve(prune_port& p, runtime::scope& tasks) {
    p.serve(tasks, [this](prune_request q) { return on_disk([q](store& s) { return s.prune(q.retain); }); });
}

task<result<void>> service::close() {
    auto job = [this] {
        auto synced = store_->sync();
        store_.reset();
        return synced;
    };
    result<void> closed = co_await disk_.run(job);
    co_return closed;
}

}  // namespace tetrad::storage
