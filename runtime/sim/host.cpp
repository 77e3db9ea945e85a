// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/host.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "runtime/sim/backend.hpp"
#include "runtime/sim/world.hpp"

namespace tetrad::runtime::sim {

host::host(world& w, std::size_t index, std::string name, endpoint address)
    : world_(w), index_(index), name_(std::move(name)), address_(std::move(address)), disk_(w.options().disk, w.seed_for(index, 0)) {}

host::~host() { CHECK(backends_alive_ == 0); }

endpoint host::at(std::uint16_t port) const {
    endpoint e = address_;
    e.port = port;
    return e;
}

endpoint host::loopback(std::uint16_t port) {
    endpoint e;
    e.kind = endpoint::family::ipv4;
    e.ip = {127, 0, 0, 1};
    e.port = port;
    return e;
}

std::unique_ptr<backend> host::make_backend() {
    CHECK(up_);
    const std::uint64_t number = ++backends_made_;
    auto made = std::make_unique<sim_backend>(*this, number, world_.seed_for(index_, number));
    running_.push_back(made.get());
    ++backends_alive_;
    return made;
}

void host::backend_gone(sim_backend& b) {
    std::erase(running_, &b);
    --backends_alive_;
    world_.backend_gone(b);
}

std::size_t host::open_descriptors() const {
    std::size_t sum = 0;
    for (const sim_backend* b : running_)
        sum += b->descriptors();
    return sum;
}

void host::kill() {
    for (sim_backend* b : std::exchange(running_, {}))
        b->cut_off(false);
}

void host::power_off() {
    CHECK(up_);
    for (sim_backend* b : std::exchange(running_, {}))
        b->cut_off(true);
    world_.net().vanish(*this);
    disk_.lose_power();
    up_ = false;
    world_.net().paths_changed();
}

void host::power_on() {
    CHECK(!up_);
    up_ = true;
    world_.net().paths_changed();
}

}  // namespace tetrad::runtime::sim
