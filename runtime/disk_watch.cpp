// SPDX-License-Identifier: Apache-2.0
#include "runtime/disk_watch.hpp"

#include <map>
#include <optional>
#include <utility>

#include "base/check.hpp"

namespace tetrad::runtime {

namespace {

class watched_backend final : public backend {
public:
    watched_backend(std::unique_ptr<backend> inner, disk_watch w)
        : inner_(std::move(inner)), watch_(std::move(w)) {}

    // A durable write is taken apart into the two steps it is made of, so that a test may stop between them.
    void submit(op& o) override {
        if (o.code == op_code::write_durable) {
            durable_.insert_or_assign(&o, 0);
            o.code = op_code::write;
        }
        submit_step(o);
    }
    void submit_step(op& o) {
        std::function<void()> after;
        if (const auto step = step_of(o))
            after = watch_(*step);
        if (after || o.code == op_code::open || durable_.contains(&o)) {
            // Completes here first; the maps hold no more than what is in flight and what is open.
            pending_.insert_or_assign(&o, pending{std::move(after), o.complete, o.owner});
            o.complete = completed;
            o.owner = this;
        }
        inner_->submit(o);
    }
    void cancel(op& o) override { inner_->cancel(o); }
    void turn(instant deadline) override { inner_->turn(deadline); }
    bool has_news() override { return inner_->has_news(); }
    void wake() override { inner_->wake(); }

    result<listening> listen(const endpoint& at, int backlog) override {
        return inner_->listen(at, backlog);
    }
    void shutdown(descriptor fd) override { inner_->shutdown(fd); }
    void shutdown_send(descriptor fd) override { inner_->shutdown_send(fd); }
    void give_back(void* buffer) override { inner_->give_back(buffer); }
    operation_counts counts() const override { return inner_->counts(); }
    void close(descriptor fd) override {
        open_.erase(fd);
        inner_->close(fd);
    }
    result<endpoint> local_endpoint(descriptor fd) override { return inner_->local_endpoint(fd); }
    result<std::uint64_t> file_size(descriptor fd) override { return inner_->file_size(fd); }
    result<std::vector<std::string>> list_directory(const std::string& path) override {
        return inner_->list_directory(path);
    }
    result<std::vector<endpoint>> resolve(const std::string& host, std::uint16_t port) override {
        return inner_->resolve(host, port);
    }

    instant now() override { return inner_->now(); }
    std::uint64_t cycles() override { return inner_->cycles(); }
    timestamp wall_clock() override { return inner_->wall_clock(); }
    random_source& random() override { return inner_->random(); }
    bool runs_blocking_inline() const override { return inner_->runs_blocking_inline(); }

private:
    struct pending {
        std::function<void()> after;  // nothing: an open
        void (*complete)(op&);
        void* owner;
    };

    std::optional<disk_step> step_of(const op& o) const {
        switch (o.code) {
            case op_code::write:
                return disk_step{o.code,
                                 open_.at(o.fd),
                                 {static_cast<const std::uint8_t*>(o.buffer), o.length},
                                 false};
            case op_code::sync:
                return disk_step{
                    o.code, open_.at(o.fd), {}, (o.flags & open_flags::directory) != 0};
            case op_code::allocate:
            case op_code::truncate: return disk_step{o.code, open_.at(o.fd), {}, false};
            case op_code::rename: return disk_step{o.code, o.path2, {}, false};
            case op_code::unlink:
            case op_code::make_dir: return disk_step{o.code, o.path, {}, false};
            default: return std::nullopt;
        }
    }

    /// True where a durable write has its second step to come.
    bool goes_on(op& o, std::int32_t& written) {
        if (o.code == op_code::write && o.result >= 0 && static_cast<std::size_t>(o.result) == o.length && !o.cancelled) {
            written = o.result;
            o.code = op_code::sync;
            submit_step(o);
            return true;
        }
        if (o.code == op_code::sync && o.result >= 0)
            o.result = written;
        o.code = op_code::write_durable;
        durable_.erase(&o);
        return false;
    }

    static void completed(op& o) { static_cast<watched_backend*>(o.owner)->on_completed(o); }
    void on_completed(op& o) {
        const auto found = pending_.find(&o);
        CHECK(found != pending_.end());
        const pending was = std::move(found->second);
        pending_.erase(found);
        o.complete = was.complete;
        o.owner = was.owner;
        if (o.code == op_code::open && o.result >= 0)
            open_.insert_or_assign(o.result, o.path);
        else if (was.after && o.result >= 0)
            was.after();
        if (const auto durable = durable_.find(&o); durable != durable_.end() && goes_on(o, durable->second))
            return;
        o.complete(o);
    }

    std::unique_ptr<backend> inner_;
    disk_watch watch_;
    std::map<const op*, pending> pending_;
    std::map<const op*, std::int32_t> durable_;  // with what their writes wrote
    std::map<descriptor, std::string> open_;
};

}  // namespace

std::unique_ptr<backend> watch_disk(std::unique_ptr<backend> inner, disk_watch w) {
    return std::make_unique<watched_backend>(std::move(inner), std::move(w));
}

}  // namespace tetrad::runtime
