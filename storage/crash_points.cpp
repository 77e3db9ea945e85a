// SPDX-License-Identifier: Apache-2.0
#include "storage/crash_points.hpp"

#include <algorithm>
#include <csignal>

#include "base/text.hpp"

namespace tetrad::storage {

namespace {

class crashing_kv final : public kv {
public:
    crashing_kv(std::unique_ptr<kv> inner, crash_point at) : inner_(std::move(inner)), at_(at) {}

    result<std::optional<slice>> get(table t, byte_view key) override { return inner_->get(t, key); }
    result<bool> contains(table t, byte_view key) override { return inner_->contains(t, key); }
    result<std::size_t> scan(table t, const key_range& r, direction d, std::size_t most, const visitor& v) override {
        return inner_->scan(t, r, d, most, v);
    }
    result<void> sync() override { return inner_->sync(); }

    result<void> write(const batch& b, durability d) override {
        const bool counts = std::ranges::any_of(b.changes(), [&](const auto& c) { return c.in == at_.in; });
        const bool now = counts && ++seen_ == at_.count;
        if (now && !at_.after)
            (void)std::raise(SIGKILL);
        auto written = inner_->write(b, d);
        if (now)
            (void)std::raise(SIGKILL);
        return written;
    }

private:
    std::unique_ptr<kv> inner_;
    crash_point at_;
    std::uint64_t seen_ = 0;
};

}  // namespace

result<crash_point> parse_crash_point(std::string_view given) {
    const auto bad = [&] {
        return fail(errc::invalid, "TETRAD_CRASH_POINT: \"" + std::string(given) + "\" is not table.before:count or table.after:count");
    };
    const auto dot = given.find('.'), colon = given.find(':');
    if (dot == given.npos || colon == given.npos || colon < dot)
        return bad();
    crash_point p;
    const auto in = given.substr(0, dot), when = given.substr(dot + 1, colon - dot - 1);
    bool known = false;
    for (std::size_t i = 0; i < tables; ++i)
        if (in == name(static_cast<table>(i)))
            p.in = static_cast<table>(i), known = true;
    const auto count = parse_decimal<std::uint64_t>(given.substr(colon + 1));
    if (!known || (when != "before" && when != "after") || !count || *count == 0)
        return bad();
    p.after = when == "after";
    p.count = *count;
    return p;
}

std::unique_ptr<kv> with_crash_point(std::unique_ptr<kv> inner, crash_point at) {
    return std::make_unique<crashing_kv>(std::move(inner), at);
}

}  // namespace tetrad::storage
