// SPDX-License-Identifier: Apache-2.0
// A backend's operations one by one, as tasks, for the scripts that ask every backend the same. A Stage has the backend as `io`.
#pragma once

#include "base/text.hpp"
#include "runtime/operation.hpp"
#include "runtime/task.hpp"

#include <string>
#include <utility>
#include <vector>

namespace tetrad::runtime::one_by_one {

constexpr std::uint32_t fresh = open_flags::read | open_flags::write | open_flags::create;

template <class Stage>
task<int> open(Stage& s, std::string path, std::uint32_t flags) {
    operation o(s.io, op_code::open);
    o.what.path = path.c_str();
    o.what.flags = flags;
    o.what.mode = 0600;
    const int fd = co_await o;
    co_return fd;
}
template <class Stage>
task<int> on_path(Stage& s, op_code code, std::string path, std::string path2 = {}) {
    operation o(s.io, code);
    o.what.path = path.c_str();
    o.what.path2 = path2.c_str();
    o.what.mode = 0700;
    const int r = co_await o;
    co_return r;
}
template <class Stage>
task<int> on_file(Stage& s, op_code code, descriptor fd, std::uint64_t offset = 0,
                         std::uint64_t length = 0, std::uint32_t flags = 0) {
    operation o(s.io, code);
    o.what.fd = fd;
    o.what.offset = offset;
    o.what.length = length;
    o.what.flags = flags;
    const int r = co_await o;
    co_return r;
}
template <class Stage>
task<int> transfer_once(Stage& s, op_code code, descriptor fd, byte_span data,
                               std::uint64_t offset = 0) {
    operation o(s.io, code);
    o.what.fd = fd;
    o.what.buffer = data.data();
    o.what.length = data.size();
    o.what.offset = offset;
    const int r = co_await o;
    co_return r;
}
template <class Stage>
task<int> send_parts_once(Stage& s, descriptor fd, const std::vector<byte_view>& parts) {
    operation o(s.io, op_code::sendv);
    o.what.fd = fd;
    o.what.parts = &parts;
    const int r = co_await o;
    co_return r;
}
template <class Stage>
task<int> connect(Stage& s, endpoint to) {
    operation o(s.io, op_code::connect);
    o.what.peer = std::move(to);
    const int fd = co_await o;
    co_return fd;
}
template <class Stage>
task<int> accept(Stage& s, descriptor fd, endpoint* peer = nullptr) {
    operation o(s.io, op_code::accept);
    o.what.fd = fd;
    const int r = co_await o;
    if (peer)
        *peer = o.what.peer;
    co_return r;
}

// ---- until all is done ----

/// Moves all of it, in as many operations as it takes; the count so far, or the error of the first operation.
template <class Stage>
task<std::int64_t> transfer(Stage& s, op_code code, descriptor fd, byte_span data,
                                   std::uint64_t offset = 0) {
    std::int64_t done = 0;
    while (!data.empty()) {
        const int n = co_await transfer_once(s, code, fd, data, offset);
        if (n < 0 && done == 0)
            co_return n;
        if (n <= 0)
            break;
        done += n;
        offset += static_cast<std::uint64_t>(n);
        data = data.subspan(static_cast<std::size_t>(n));
    }
    co_return done;
}
template <class Stage>
task<std::int64_t> send_text(Stage& s, descriptor fd, std::string t) {
    bytes data = to_bytes(t);
    const std::int64_t n = co_await transfer(s, op_code::send, fd, data);
    co_return n;
}

}  // namespace tetrad::runtime::one_by_one
