// SPDX-License-Identifier: Apache-2.0
// What the backend does at once, without the ring: sockets, names, clocks.
#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/uring/address.hpp"
#include "runtime/uring/backend.hpp"
#include "runtime/uring/scratch.hpp"

namespace tetrad::runtime {

namespace {

constexpr int keep_alive_s = 15, keep_alive_probes = 9;  // as Go's net package has it

void set(int fd, int level, int option, int value) {
    // A system that lacks one of these options works without it.
    static_cast<void>(::setsockopt(fd, level, option, &value, sizeof value));
}

std::unexpected<error> system_failure(std::string_view doing) {
    return std::unexpected<error>(system_error(errno, doing));
}

}  // namespace

descriptor open_socket(const endpoint& e) {
    const int family = family_of(e);
    if (family < 0)
        return -EDESTADDRREQ;
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (family != AF_UNIX) {  // a listener's are inherited by what it accepts
        set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set(fd, IPPROTO_TCP, TCP_KEEPIDLE, keep_alive_s);
        set(fd, IPPROTO_TCP, TCP_KEEPINTVL, keep_alive_s);
        set(fd, IPPROTO_TCP, TCP_KEEPCNT, keep_alive_probes);
    }
    return fd;
}

result<backend::listening> uring_backend::listen(const endpoint& at, int backlog) {
    const std::string doing = "listen on " + to_string(at);
    const int fd = open_socket(at);
    if (fd < 0)
        return std::unexpected<error>(system_error(-fd, doing));
    sockaddr_storage address;
    const socklen_t size = to_sockaddr(at, address);
    if (at.kind != endpoint::family::unix_path)
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(fd, backlog) != 0) {
        const int problem = errno;
        ::close(fd);
        return std::unexpected<error>(system_error(problem, doing));
    }
    listeners_[fd] = at.kind == endpoint::family::unix_path ? at.path : "";
    auto bound = local_endpoint(fd);
    if (!bound) {
        close(fd);
        return pass(bound);
    }
    return listening{fd, std::move(*bound)};
}

void uring_backend::shutdown(descriptor fd) {
    ::shutdown(fd, SHUT_RDWR);
    if (listeners_.contains(fd))
        shut_accepts(fd);
}
void uring_backend::shutdown_send(descriptor fd) { ::shutdown(fd, SHUT_WR); }

void uring_backend::give_back(void* buffer) { lent_.give_back(buffer); }

result<endpoint> uring_backend::local_endpoint(descriptor fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return system_failure("getsockname");
    return from_sockaddr(address, size);
}

result<std::uint64_t> uring_backend::file_size(descriptor fd) {
    struct stat s {};
    if (::fstat(fd, &s) != 0)
        return system_failure("fstat");
    return static_cast<std::uint64_t>(s.st_size);
}

result<std::vector<std::string>> uring_backend::list_directory(const std::string& path) {
    struct closer {
        void operator()(DIR* d) const { ::closedir(d); }
    };
    const std::unique_ptr<DIR, closer> directory(::opendir(path.c_str()));
    if (!directory)
        return system_failure("open directory " + path);
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(directory.get());
        if (!entry && errno != 0)
            return system_failure("read directory " + path);
        if (!entry)
            break;
        if (const std::string_view name = entry->d_name; name != "." && name != "..")
            names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

result<std::vector<endpoint>> uring_backend::resolve(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int r = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); r != 0) {
        // Also on a machine without /etc/hosts (RFC 6761, 6.3).
        if (host == "localhost")
            return std::vector<endpoint>{*parse_endpoint("127.0.0.1:" + std::to_string(port))};
        if (r == EAI_SYSTEM)
            return system_failure("lookup " + host);
        return fail(r == EAI_NONAME ? errc::not_found : errc::io, "lookup " + host + ": " + ::gai_strerror(r));
    }
    struct closer {
        void operator()(addrinfo* a) const { ::freeaddrinfo(a); }
    };
    const std::unique_ptr<addrinfo, closer> owner(found);
    std::vector<endpoint> out;
    for (const addrinfo* a = found; a; a = a->ai_next) {
        if (a->ai_addrlen > sizeof(sockaddr_storage))
            continue;
        sockaddr_storage address{};
        std::copy_n(reinterpret_cast<const char*>(a->ai_addr), a->ai_addrlen, reinterpret_cast<char*>(&address));
        endpoint e = from_sockaddr(address, a->ai_addrlen);
        e.port = port;
        if (e.kind != endpoint::family::none && std::find(out.begin(), out.end(), e) == out.end())
            out.push_back(std::move(e));
    }
    if (out.empty())
        return fail(errc::not_found, "lookup " + host + ": no addresses");
    return out;
}

instant uring_backend::now() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return instant{std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec};
}

std::uint64_t uring_backend::cycles() {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    std::uint64_t ticks = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return static_cast<std::uint64_t>(now().ns);
#endif
}

timestamp uring_backend::wall_clock() {
    timespec t{};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return timestamp{t.tv_sec, static_cast<std::int32_t>(t.tv_nsec)};
}

}  // namespace tetrad::runtime
