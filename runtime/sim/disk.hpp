// SPDX-License-Identifier: Apache-2.0
// One host's file system: directories and files in memory, each change pending until it is synced.
//
// What a power loss leaves:
//   file content   each 512-byte sector not synced since it was written is old or new, by the seed (or garbage, where planned)
//   file size      the synced one, the current one, or between
//   names          creations, renames, removals in order: all that were synced (a directory's fsync), and of the later ones those
//                  before a point the seed chooses. A rename is whole or absent. Syncing a file does not sync its name.
// A killed process loses nothing that was written.
//
// Paths: absolute or not, they start at the root; they are walked as Linux does, with its limits; there are no links. Calls come from the world's
// thread; results are 0 or more, or minus errno, as in backend.hpp. A test may use them directly: they take no time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "runtime/backend.hpp"
#include "runtime/sim/inode.hpp"
#include "runtime/sim/plan.hpp"

namespace tetrad::runtime::sim {

/// Makes operations fail: those of `code` on paths that begin with `path`, after `skip` of them have passed, `count` times.
struct disk_fault {
    op_code code = op_code::read;
    std::string path;                // "" is every path
    std::uint64_t skip = 0;
    std::uint64_t count = 1;         // UINT64_MAX: for ever
    int error = 5;                   // errno; EIO. A failed sync drops what it should have written: later ones do not bring it back
};

class disk {
public:
    disk(disk_plan plan, std::uint64_t seed);
    disk(const disk&) = delete;

    // ---- for tests: immediate, and durable at once ----
    /// Makes the directories above it; replaces what was there.
    void put_file(std::string_view path, byte_view content);
    std::optional<bytes> get_file(std::string_view path) const;
    void make_directories(std::string_view path);
    bool exists(std::string_view path) const;
    std::vector<std::string> list(std::string_view path) const;  // sorted; empty where there is none
    /// Flips bits of what is stored. False where there is no such byte.
    bool damage(std::string_view path, std::uint64_t at, std::uint8_t mask);
    void add_fault(disk_fault f) { faults_.push_back(std::move(f)); }
    void clear_faults() { faults_.clear(); }
    disk_plan& plan() { return plan_; }
    std::uint64_t bytes_used() const;
    /// Over names and contents, durable or not.
    std::uint64_t content_hash() const;

    /// What is left after a power loss (host::power_off calls it).
    void lose_power();

    // ---- for the backend ----
    struct opened {
        std::shared_ptr<inode> node;
        std::string path;            // normal form
        std::uint32_t flags = 0;
    };
    int open(std::string_view path, std::uint32_t flags, std::uint32_t mode, opened& out);
    std::int32_t read(const opened&, std::uint64_t offset, byte_span into);
    std::int32_t write(const opened&, std::uint64_t offset, byte_view data);
    int sync(const opened&);
    int rename(std::string_view from, std::string_view to);
    int unlink(std::string_view path);
    int make_dir(std::string_view path, std::uint32_t mode);
    int allocate(const opened&, std::uint64_t offset, std::uint64_t length);
    int truncate(const opened&, std::uint64_t size);
    result<std::vector<std::string>> list_directory(std::string_view path) const;

private:
    struct found {                   // a path taken apart
        std::shared_ptr<inode> parent;
        std::string leaf;            // empty, and no parent: the root, or a path that ends in dots
        std::shared_ptr<inode> node; // null: there is no such name
        bool wants_directory = false;  // a slash at its end
    };
    /// A change of names that is not durable yet, with what undoes it.
    struct name_change {
        struct side {
            std::shared_ptr<inode> directory;
            std::string name;
            std::shared_ptr<inode> before;  // null: the name was free
        };
        std::vector<side> sides;
    };

    int find(std::string_view path, found& out) const;
    std::shared_ptr<inode> find_node(std::string_view path) const;
    std::shared_ptr<inode> make_node(bool directory, std::uint32_t mode);
    void set_name(name_change&, const std::shared_ptr<inode>& directory, const std::string& name, std::shared_ptr<inode> to);
    /// minus errno where a fault is planned for this operation.
    int planned_fault(op_code, std::string_view path);
    std::uint64_t room_for(const inode&, std::uint64_t size_wanted) const;

    disk_plan plan_;
    seeded_random random_;
    std::shared_ptr<inode> root_;
    std::vector<std::weak_ptr<inode>> nodes_;   // in order of creation; what lose_power() walks
    std::vector<name_change> pending_names_;    // in order
    std::vector<disk_fault> faults_;
};

}  // namespace tetrad::runtime::sim
