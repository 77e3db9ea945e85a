// SPDX-License-Identifier: Apache-2.0
// Processes that may have few descriptors, or no locked memory.
#include "runtime/file.hpp"
#include "runtime/operation.hpp"
#include "tests/unit/runtime/uring/kernel/child.hpp"

#include <cerrno>
#include <optional>
#include <vector>

#include <sys/resource.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

void limit(int resource, rlim_t to) {
    const rlimit both{to, to};
    REQUIRE(::setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0);
}

/// All descriptors that this process may still have.
class hoard {
public:
    hoard() {
        for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
            all_.push_back(fd);
    }
    ~hoard() { give_back(all_.size()); }
    void give_back(std::size_t n) {
        for (; n > 0 && !all_.empty(); --n) {
            ::close(all_.back());
            all_.pop_back();
        }
    }
    std::size_t size() const { return all_.size(); }

private:
    std::vector<int> all_;
};

task<void> accept_into(tcp_listener& at, std::optional<result<tcp_stream>>& to) {
    result<tcp_stream> s = co_await at.accept();
    to.emplace(std::move(s));
}

/// "recovers", or what does not. A peer has dialed.
task<std::string> without_descriptors(real_machine& m, tcp_listener& at, descriptor listening,
                                      hoard& all) {
    result<file> f = co_await file::open("/dev/null", open_flags::read);
    if (f || f.error().text != "open /dev/null: Too many open files")
        co_return f ? "opened without a descriptor" : f.error().text;
    operation bare(m.on.io(), op_code::accept);
    bare.what.fd = listening;
    const int accepted_at_once = co_await bare;
    if (accepted_at_once != -EMFILE)
        co_return "accept: " + std::to_string(accepted_at_once);

    const auto asked = [&m] {
        return m.on.io().counts().submitted[static_cast<std::size_t>(op_code::accept)];
    };
    const auto before = asked();
    std::optional<result<tcp_stream>> accepted;
    scope tasks(m.here);
    tasks.spawn(accept_into(at, accepted));
    while (asked() < before + 2) {  // it was refused, paused, and asked again
        result<void> slept = co_await sleep_for(1ms);
        if (!slept)
            break;
    }
    if (accepted)
        co_return "a listener accepted without a descriptor";
    all.give_back(2);
    co_await tasks.join();
    if (!*accepted)
        co_return accepted->error().text;
    result<file> g = co_await file::open("/dev/null", open_flags::read);
    co_return g ? "recovers" : g.error().text;
}

}  // namespace

TEST_CASE(
    "without descriptors open and accept answer EMFILE, and the listener accepts when there are "
    "some again") {
    const std::string says = in_a_child([] {
        limit(RLIMIT_NOFILE, 32);
        real_machine m;
        tcp_listener at = listener_at(m, loopback());
        auto other = m.on.io().listen(loopback(), 4);  // the same, without tcp_listener's patience
        REQUIRE(other.has_value());
        const raw_peer a(at.bound()), b(other->bound);
        hoard all;
        REQUIRE(all.size() >= 2);
        const std::string seen = m.run(without_descriptors(m, at, other->fd, all));
        m.on.io().close(other->fd);
        return seen;
    });
    CHECK(says == "recovers");
}

TEST_CASE("without locked memory the ring works, or the error names the limit in one line") {
    const std::string says = in_a_child([] {
        limit(RLIMIT_MEMLOCK, 0);
        if (::geteuid() == 0)  // root's memory is not counted
            REQUIRE(::setresuid(65534, 65534, 65534) == 0);
        const auto made = uring_backend::open();
        return made ? try_sockets() : made.error().text;
    });
    INFO(says);
    const bool is_named =
        says.find("raise RLIMIT_MEMLOCK (ulimit -l, LimitMEMLOCK=)") != std::string::npos ||
        says.find("kernel.io_uring_disabled is ") != std::string::npos;
    CHECK((says == "works" || is_named));
    CHECK(says.find('\n') == std::string::npos);
}
