// SPDX-License-Identifier: Apache-2.0
#include "tests/net/schedule.hpp"

#include "base/text.hpp"

namespace tetrad::net {

namespace {
constexpr std::uint64_t second_ns = 1'000'000'000;
}

// In whole seconds and the rest, so that no product leaves 64 bits.
instant schedule::at(std::uint64_t k) const {
    const std::uint64_t seconds = k / rate, rest = k % rate;
    return begin +
           duration(static_cast<std::int64_t>(seconds * second_ns + rest * second_ns / rate));
}

std::uint64_t schedule::arrived(instant now) const {
    if (now < begin)
        return 0;
    const auto elapsed = static_cast<std::uint64_t>((now - begin).count());
    std::uint64_t k = elapsed / second_ns * rate + elapsed % second_ns * rate / second_ns;
    while (at(k) <= now)  // at() rounds down, so it may be one more
        ++k;
    return k;
}

std::string make_tx(std::string_view run, std::uint64_t k, std::size_t bytes) {
    std::string tx = format("{}-{}=", run, k);
    CHECK(tx.size() < bytes);
    tx.resize(bytes, 'x');
    return tx;
}

std::optional<std::uint64_t> number_of(std::string_view run, std::string_view tx) {
    if (!tx.starts_with(run) || tx.size() <= run.size() || tx[run.size()] != '-')
        return {};
    tx.remove_prefix(run.size() + 1);
    const auto k = parse_decimal<std::uint64_t>(tx.substr(0, tx.find('=')));
    return k ? std::optional(*k) : std::nullopt;
}

}  // namespace tetrad::net
