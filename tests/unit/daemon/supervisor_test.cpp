// SPDX-License-Identifier: Apache-2.0
#include "daemon/supervisor.hpp"

#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.hpp"
#include "tests/unit/temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::daemon;
using testing::temporary_directory;

namespace {

/// Where systemd would listen.
struct listener {
    explicit listener(const std::string& name)
        : fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, name.data(), name.size());
        if (name[0] == '@')
            at.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), size) == 0);
    }
    ~listener() { ::close(fd); }
    /// Of what has come; empty where nothing has.
    std::string next() const {
        std::string text(256, '\0');
        const auto n = ::recv(fd, text.data(), text.size(), MSG_DONTWAIT);
        text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return text;
    }
    int fd;
};

}  // namespace

TEST_CASE("each state is one datagram to the socket that was named, a path or an abstract name") {
    temporary_directory at;
    const bool is_abstract = GENERATE(false, true);
    const auto name = is_abstract ? format("@tetrad-test-{}", ::getpid()) : at.file("notify");
    listener heard(name);
    const supervisor s(name);
    s.tell("READY=1\nSTATUS=running");
    s.tell("STOPPING=1");
    CHECK(heard.next() == "READY=1\nSTATUS=running");
    CHECK(heard.next() == "STOPPING=1");
    CHECK(heard.next().empty());
}

TEST_CASE("all is well is said twice as often as the watchdog asks, and not at all where it does not") {
    CHECK(watchdog_period("120000000") == 60s);
    CHECK(watchdog_period("") == 0s);
    CHECK(watchdog_period("0") == 0s);
    CHECK(watchdog_period("-5") == 0s);
    CHECK(watchdog_period("soon") == 0s);
}

TEST_CASE("where nobody listens nothing happens, and nothing waits") {
    temporary_directory at;
    for (const auto& name : {std::string(), at.file("nobody"), std::string(500, 'x')})
        supervisor(name).tell("READY=1");
    const auto full = at.file("full");
    listener deaf(full);
    const supervisor s(full);
    for (int i = 0; i < 5000; ++i)
        s.tell("STATUS=nobody reads this");
    CHECK(deaf.next() == "STATUS=nobody reads this");
}
