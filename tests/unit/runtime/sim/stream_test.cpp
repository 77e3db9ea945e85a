// SPDX-License-Identifier: Apache-2.0
// Much data at once: simulated streams and those of the kernel carry it alike, and hold back a writer that nobody reads.
#include "runtime/sim/stream.hpp"

#include "tests/unit/runtime/backend_conformance.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::script;

namespace {

bytes pattern(std::size_t size, std::uint64_t seed) {
    bytes data(size);
    seeded_random(seed).fill(data);
    return data;
}
task<void> send_all(stage& s, descriptor fd, bytes data, std::int64_t& sent) {
    sent = co_await transfer(s, op_code::send, fd, data);
}
task<void> receive_all(stage& s, descriptor fd, bytes& data, std::int64_t& got) {
    got = co_await transfer(s, op_code::recv, fd, data);
}
task<void> fill_until_stopped(stage& s, descriptor fd, std::int64_t& sent, int& last) {
    bytes block(65536, 'b');
    do {
        last = co_await transfer_once(s, op_code::send, fd, block);
        if (last > 0)
            sent += last;
    } while (last > 0);
}

task<bool> bulk(stage& s) {
    pair_of_streams p = co_await connect_pair(s);
    const bytes there = pattern(3'000'000, 1), back = pattern(2'000'001, 2);
    bytes seen_there(there.size()), seen_back(back.size());
    std::int64_t counts[4] = {};
    {
        scope tasks(s.here);
        tasks.spawn(send_all(s, p.dialed, there, counts[0]));
        tasks.spawn(send_all(s, p.accepted, back, counts[1]));
        tasks.spawn(receive_all(s, p.accepted, seen_there, counts[2]));
        tasks.spawn(receive_all(s, p.dialed, seen_back, counts[3]));
        co_await tasks.join();
    }
    s.log.say("there", counts[2]);
    s.log.say("back", counts[3]);
    s.log.say("unharmed", equal(seen_there, there) && equal(seen_back, back));

    // Vectored, with empty parts.
    std::vector<byte_view> parts;
    byte_view left = there;
    for (std::size_t i = 0; i < 100; ++i) {
        const std::size_t n = i % 4 == 0 ? 0 : i * 10;
        parts.push_back(left.first(n));
        left = left.subspan(n);
    }
    std::size_t total = 0;
    for (byte_view part : parts)
        total += part.size();
    std::size_t sent = 0;
    while (sent < total) {
        const int n = co_await send_parts_once(s, p.dialed, parts);
        if (n <= 0)
            break;
        sent += static_cast<std::size_t>(n);
        auto gone = static_cast<std::size_t>(n);
        for (byte_view& part : parts) {
            const std::size_t some = std::min(gone, part.size());
            part = part.subspan(some);
            gone -= some;
        }
    }
    bytes flat(sent);  // what was taken, lest a failure wait for the rest
    const std::int64_t got = co_await transfer(s, op_code::recv, p.accepted, flat);
    s.log.say("vectored", got == static_cast<std::int64_t>(total) && equal(flat, byte_view(there).first(total)));

    // A reader that does not read stops the writer; nothing that was taken is lost.
    std::int64_t taken = 0;
    int last = 0;
    {
        scope tasks(s.here);
        tasks.spawn(fill_until_stopped(s, p.dialed, taken, last));
        for (int i = 0; i < 10; ++i)
            co_await a_moment();
        tasks.request_stop();
        co_await tasks.join();
    }
    s.log.say("the writer was stopped", last);
    s.log.say("some was taken, and not without end", taken > 0 && taken < 100'000'000);
    s.io.shutdown(p.dialed);
    bytes drain(static_cast<std::size_t>(taken) + 10);
    const std::int64_t drained = co_await transfer(s, op_code::recv, p.accepted, drain);
    s.log.say("all that was taken arrives", drained == taken);
    s.io.close(p.dialed);
    s.io.close(p.accepted);
    co_return true;
}

TEST_CASE("backends carry much data alike, and hold back a writer that nobody reads") {
    conforms(bulk, {"there: 3000000", "back: 2000001", "unharmed: 1", "vectored: 1", "the writer was stopped: ECANCELED",
                    "some was taken, and not without end: 1", "all that was taken arrives: 1"});
}

}  // namespace
