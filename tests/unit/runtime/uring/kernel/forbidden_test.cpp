// SPDX-License-Identifier: Apache-2.0
// Where a seccomp filter forbids io_uring, as a container's or a sandbox's does, or a part of it.
#include "base/text.hpp"
#include "runtime/file.hpp"
#include "runtime/uring/backend.hpp"
#include "tests/unit/runtime/uring/kernel/child.hpp"
#include "tests/unit/temporary_directory.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <optional>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <catch2/catch.hpp>

using namespace tetrad;
using namespace tetrad::runtime;
using namespace tetrad::runtime::testing;

namespace {

struct forbidden_call {
    unsigned number;
    std::optional<unsigned> second_argument;  // any
    int errno_value;
    bool is_trapped = false;  // raises SIGSYS instead
};

bool forbid(forbidden_call c) {
    std::vector<sock_filter> program = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, c.number, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, c.second_argument.value_or(0), 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, c.is_trapped
                                      ? SECCOMP_RET_TRAP
                                      : SECCOMP_RET_ERRNO | static_cast<unsigned>(c.errno_value)),
    };
    if (!c.second_argument)
        program.erase(program.begin() + 3, program.begin() + 6);
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// What open() says in a process that may not do this.
std::string refusal_without(forbidden_call c) {
    return in_a_child([c]() -> std::string {
        if (!forbid(c))
            return "no seccomp here";
        const auto made = uring_backend::open();
        return made ? "opened" : made.error().text;
    });
}

}  // namespace

TEST_CASE("where io_uring cannot be had, the error says what is in the way and what to change") {
    const auto says = [](unsigned call, int errno_value, const char* what) {
        const std::string text = refusal_without({call, std::nullopt, errno_value});
        INFO(text);
        CHECK(text.find("io_uring: ") == 0);
        CHECK(text.find(what) != std::string::npos);
        CHECK(text.find('\n') == std::string::npos);
    };
    says(SYS_io_uring_setup, ENOSYS, "seccomp");
    says(SYS_io_uring_setup, EPERM, "kernel.io_uring_disabled");
    says(SYS_io_uring_setup, ENOMEM, "RLIMIT_MEMLOCK");
    says(SYS_io_uring_setup, EINVAL, "Linux 6.1");
    says(SYS_io_uring_setup, EMFILE, "RLIMIT_NOFILE");
    for (const unsigned call : {SYS_io_uring_register, SYS_io_uring_enter}) {
        says(call, ENOSYS, "seccomp");
        says(call, EPERM, "allow io_uring_setup, io_uring_enter and io_uring_register");
    }
}

TEST_CASE(
    "where a sysctl forbids io_uring, the error says its value and the command that allows it") {
    constexpr const char* skipped = "no private mounts here";
    const tetrad::testing::temporary_directory dir;
    const std::string setting = dir.put("io_uring_disabled", "2");
    const std::string says = in_a_child([&]() -> std::string {
        const int spaces = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
        if (::unshare(spaces) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount(setting.c_str(), "/proc/sys/kernel/io_uring_disabled", nullptr, MS_BIND,
                    nullptr) != 0)
            return skipped;
        if (!forbid({SYS_io_uring_setup, std::nullopt, EPERM}))
            return "no seccomp here";
        const auto made = uring_backend::open();
        return made ? "opened" : made.error().text;
    });
    if (says == skipped)
        WARN("skipped: a sysctl of its own wants a mount, which is not permitted here");
    else
        CHECK(says ==
              "io_uring: Operation not permitted. The sysctl kernel.io_uring_disabled is 2: 0 "
              "allows it"
              " (sysctl -w kernel.io_uring_disabled=0)");
}

TEST_CASE(
    "where the kernel has io_uring and lacks an operation of ours, the error names it and what is "
    "needed") {
    constexpr int no_error = 0;  // the probe is answered, with no operation in it
    const std::string text =
        refusal_without({SYS_io_uring_register, IORING_REGISTER_PROBE, no_error});
    INFO(text);
    CHECK(text.find("io_uring: this kernel (") == 0);
    CHECK(text.find("lacks operation " + std::to_string(IORING_OP_READ) +
                    "; Linux 6.1 or newer is needed") != std::string::npos);
    CHECK(text.find('\n') == std::string::npos);
}

TEST_CASE("where the kernel refuses the buffers that receives lend, they bring their own") {
    for (const int refusal : {EINVAL, ENOMEM, EPERM}) {
        const std::string says = in_a_child([refusal]() -> std::string {
            if (!forbid({SYS_io_uring_register, IORING_REGISTER_PBUF_RING, refusal}))
                return "no seccomp here";
            const auto made = uring_backend::open();
            if (!made)
                return made.error().text;
            if (made.value()->description().find("lends no buffers: ") == std::string::npos)
                return "it does not say so: " + made.value()->description();
            return try_sockets();
        });
        CHECK(says == "works");
    }
}

#if defined(__x86_64__)

namespace {

/// Answers io_uring_register's question for the operations as a kernel that ends before ftruncate (Linux 6.9).
void answer_as_older(int, siginfo_t*, void* context) {
    greg_t* const registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    auto* const probe = reinterpret_cast<io_uring_probe*>(registers[REG_RDX]);
    probe->last_op = op_ftruncate - 1;
    probe->ops_len = op_ftruncate;
    for (std::uint8_t i = 0; i < op_ftruncate; ++i)
        probe->ops[i].op = i, probe->ops[i].flags = IO_URING_OP_SUPPORTED;
    registers[REG_RAX] = 0;
}

task<result<std::uint64_t>> size_after_truncate(std::string path) {
    file f = co_await ok(file::open(path, open_flags::write));
    co_await ok(f.truncate(3));
    co_return f.size();
}

}  // namespace

TEST_CASE(
    "where the kernel cannot truncate by the ring, files are truncated all the same, and failures "
    "are told") {
    const tetrad::testing::temporary_directory dir;
    const std::string path = dir.put("f", "abcdef");
    const std::string says = in_a_child([&]() -> std::string {
        struct sigaction answers {};
        answers.sa_sigaction = answer_as_older;
        answers.sa_flags = SA_SIGINFO;
        if (::sigaction(SIGSYS, &answers, nullptr) != 0 ||
            !forbid({SYS_io_uring_register, IORING_REGISTER_PROBE, 0, true}))
            return "no seccomp here";
        real_machine m;
        const std::string found = static_cast<uring_backend&>(m.on.io()).description();
        if (found.find(", truncates by a blocking call") == std::string::npos)
            return found;
        const result<std::uint64_t> size = m.run(size_after_truncate(path));
        const result<std::uint64_t> no_file = m.run(size_after_truncate("/dev/null"));
        return format("{}; {}", size ? std::to_string(*size) : size.error().text,
                      no_file ? "truncated" : no_file.error().text);
    });
    CHECK(says == "3; truncate /dev/null: Invalid argument");
    CHECK(dir.get("f") == "abc");
}

#endif
