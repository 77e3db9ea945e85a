// SPDX-License-Identifier: Apache-2.0
#include "storage/kv_watch.hpp"

namespace tetrad::storage {

namespace {

class watched_kv final : public kv {
public:
    watched_kv(std::unique_ptr<kv> inner, kv_watch w)
        : inner_(std::move(inner)), watch_(std::move(w)) {}

    result<std::optional<slice>> get(table t, byte_view key) override {
        return inner_->get(t, key);
    }
    result<bool> contains(table t, byte_view key) override { return inner_->contains(t, key); }
    result<std::size_t> scan(table t, const key_range& r, direction d, std::size_t most,
                             const visitor& v) override {
        return inner_->scan(t, r, d, most, v);
    }
    result<void> sync() override { return inner_->sync(); }

    result<void> write(const batch& b, durability d) override {
        const auto after = watch_(b);
        auto written = inner_->write(b, d);
        if (written && after)
            after();
        return written;
    }

private:
    std::unique_ptr<kv> inner_;
    kv_watch watch_;
};

}  // namespace

std::unique_ptr<kv> watch_writes(std::unique_ptr<kv> inner, kv_watch w) {
    return std::make_unique<watched_kv>(std::move(inner), std::move(w));
}

}  // namespace tetrad::storage
