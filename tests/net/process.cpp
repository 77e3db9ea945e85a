// SPDX-License-Identifier: Apache-2.0
#include "tests/net/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.hpp"
#include "runtime/operation.hpp"

extern char** environ;

namespace tetrad::net {

namespace {

sigset_t awaited_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
        sigaddset(&set, number);
    return set;
}

std::string how_it_ended(int status) {
    return WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status))
                               : format("exit code {}", WEXITSTATUS(status));
}

/// `out` and `errors` are the child's from then on; its own copies of them, like all else here, close when it executes.
result<pid_t> start(const std::vector<std::string>& command, const environment& env, int out,
                    int errors) {
    std::vector<std::string> variables;
    for (const auto& [name, value] : env)
        variables.push_back(name + "=" + value);
    std::vector<const char*> argv, envp;
    for (const auto& word : command)
        argv.push_back(word.c_str());
    for (const auto& variable : variables)
        envp.push_back(variable.c_str());
    argv.push_back(nullptr);
    envp.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0)
        return std::unexpected<error>(system_error(errno, "fork"));
    if (pid > 0)
        return pid;
    // The child, up to its exec: system calls only.
    sigset_t none;
    sigemptyset(&none);
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(127);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvpe(argv[0], const_cast<char**>(argv.data()), const_cast<char**>(envp.data()));
    std::perror(argv[0]);
    ::_exit(127);
}

}  // namespace

environment own_environment() {
    environment out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        if (const auto at = variable.find('='); at != variable.npos)
            out.emplace(variable.substr(0, at), variable.substr(at + 1));
    }
    return out;
}

result<pid_t> start_program(const std::vector<std::string>& command, const environment& env,
                            const std::string& log) {
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0)
        return std::unexpected<error>(system_error(errno, log));
    auto pid = start(command, env, file, file);
    ::close(file);
    return pid;
}

// Both streams come through one pipe: what is asked of the programs prints errors only where it fails.
result<std::string> output_of(const std::vector<std::string>& command, const environment& env) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return std::unexpected<error>(system_error(errno, "pipe"));
    const auto pid = start(command, env, ends[1], ends[1]);
    ::close(ends[1]);
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t n = 1; pid && n > 0;) {
        n = ::read(ends[0], buffer.data(), buffer.size());
        if (n > 0)
            text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    if (!pid)
        return std::unexpected<error>(pid.error());
    int status = 0;
    ::waitpid(*pid, &status, 0);
    if (status != 0)
        return fail(errc::invalid,
                    format("{}: {}: {}", join(command, " "), how_it_ended(status), trim(text)));
    return text;
}

std::vector<ending> reap() {
    std::vector<ending> out;
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
        out.push_back({pid, how_it_ended(status)});
    return out;
}

result<signal_file> signal_file::open() {
    const sigset_t set = awaited_signals();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    const int fd = ::signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0)
        return std::unexpected<error>(system_error(errno, "signalfd"));
    return signal_file(fd);
}

signal_file::signal_file(signal_file&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
signal_file::~signal_file() {
    if (fd_ >= 0)
        ::close(fd_);
}

runtime::task<result<int>> signal_file::next(runtime::backend& io) {
    signalfd_siginfo arrived{};
    runtime::operation reading(io, runtime::op_code::read);
    reading.what.fd = fd_;
    reading.what.buffer = &arrived;
    reading.what.length = sizeof arrived;
    const int n = co_await reading;
    if (n < 0)
        co_return reading.failure("read signals");
    CHECK(n == sizeof arrived);
    co_return static_cast<int>(arrived.ssi_signo);
}

}  // namespace tetrad::net
