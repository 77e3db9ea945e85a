// SPDX-License-Identifier: Apache-2.0
// What arrived on a stream, in memory that the backend lends until this is destroyed, on the shard that received it. To be held for
// short: the backend has some hundred buffers for all streams of its thread, and copes with more at a price.
#pragma once

#include <utility>

#include "base/bytes.hpp"
#include "runtime/backend.hpp"

namespace tetrad::runtime {

class received {
public:
    received() = default;  // the end of the stream
    received(backend& io, byte_view lent) : io_(&io), view_(lent) {}
    received(received&& o) noexcept : io_(std::exchange(o.io_, nullptr)), view_(std::exchange(o.view_, {})) {}
    received& operator=(received&& o) noexcept {
        if (this != &o) {
            give_back();
            io_ = std::exchange(o.io_, nullptr);
            view_ = std::exchange(o.view_, {});
        }
        return *this;
    }
    ~received() { give_back(); }

    byte_view view() const { return view_; }
    bool is_end() const { return view_.empty(); }

private:
    void give_back() {
        if (io_)
            io_->give_back(const_cast<std::uint8_t*>(view_.data()));  // it was lent as memory to write to
    }
    backend* io_ = nullptr;
    byte_view view_;
};

}  // namespace tetrad::runtime
