// SPDX-License-Identifier: Apache-2.0
// Programs that this one starts. Each is in a process group of its own, so that Ctrl-C at a terminal reaches the runner alone and it
// decides; and each gets SIGKILL from the kernel where the runner dies before it. Signals arrive as bytes of a file, between
// everything else that the one thread waits for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"
#include "runtime/backend.hpp"
#include "runtime/task.hpp"

namespace tetrad::net {

using environment = std::map<std::string, std::string, std::less<>>;
environment own_environment();

/// Output and errors are appended to the file `log`. What cannot be executed ends at once with 127, and its log says why.
result<pid_t> start_program(const std::vector<std::string>& command, const environment&,
                            const std::string& log);
/// Runs it to its end; its standard output. An error where its exit code is not 0, with all that it printed.
result<std::string> output_of(const std::vector<std::string>& command, const environment&);

/// The children that ended since the last call: how, as people say it.
struct ending {
    pid_t pid = 0;
    std::string how;  // "exit code 1", "Killed"
};
std::vector<ending> reap();

/// From its making on SIGINT, SIGTERM, SIGHUP and SIGCHLD are read here and do nothing else.
class signal_file {
public:
    static result<signal_file> open();
    signal_file(signal_file&&) noexcept;
    ~signal_file();
    /// The next one's number.
    runtime::task<result<int>> next(runtime::backend& io);

private:
    explicit signal_file(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace tetrad::net
