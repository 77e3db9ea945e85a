// SPDX-License-Identifier: Apache-2.0
#include "runtime/sim/disk.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "base/check.hpp"
#include "runtime/sim/path.hpp"

namespace tetrad::runtime::sim {

namespace {

constexpr std::uint64_t file_size_max = std::uint64_t{1} << 33;  // EFBIG past it: the files are in memory

bool is_too_large(std::uint64_t offset, std::uint64_t length) {
    return offset > file_size_max || length > file_size_max - offset;
}

std::uint64_t mixed(std::uint64_t h, byte_view b) {
    for (std::uint8_t byte : b) {
        h = (h ^ byte) * 0x9fb21c651e98df25;
        h ^= std::rotr(h, 29);
    }
    return h * 31 + b.size();
}

std::uint64_t hash_of(const inode& node, std::uint64_t h) {
    if (!node.directory)
        return mixed(h, node.content());
    for (const auto& [name, child] : node.names)
        h = hash_of(*child, mixed(h, view(name)));
    return h * 31 + node.names.size();
}

bool is_inside(const std::shared_ptr<inode>& node, const std::shared_ptr<inode>& tree) {
    if (node == tree)
        return true;
    return std::any_of(tree->names.begin(), tree->names.end(), [&](const auto& n) { return is_inside(node, n.second); });
}

}  // namespace

disk::disk(disk_plan plan, std::uint64_t seed)
    : plan_(plan), random_(seed), root_(std::make_shared<inode>(true, 0755)) {}

// ---- names ----

// As the kernel walks: every step, dots too, is looked up in the directory before it.
int disk::find(std::string_view path, found& out) const {
    if (path.empty())
        return -ENOENT;
    if (path.size() >= path_max)
        return -ENAMETOOLONG;
    out = {nullptr, "", root_, path.back() == '/'};
    std::vector<std::shared_ptr<inode>> above;  // the directories that lead to out.node
    for (const std::string_view step : steps_of(path)) {
        if (!out.node)
            return -ENOENT;
        if (!out.node->directory)
            return -ENOTDIR;
        if (step.size() > name_max)
            return -ENAMETOOLONG;
        out.parent = nullptr;
        out.leaf.clear();
        if (step == ".." && !above.empty()) {
            out.node = std::move(above.back());
            above.pop_back();
        } else if (step != "." && step != "..") {
            above.push_back(out.node);
            out.parent = std::move(out.node);
            out.leaf = step;
            const auto there = out.parent->names.find(out.leaf);
            out.node = there == out.parent->names.end() ? nullptr : there->second;
        }
    }
    return 0;
}

std::shared_ptr<inode> disk::find_node(std::string_view path) const {
    found f;
    return find(path, f) == 0 ? f.node : nullptr;
}

std::shared_ptr<inode> disk::make_node(bool directory, std::uint32_t mode) {
    std::erase_if(nodes_, [](const std::weak_ptr<inode>& n) { return n.expired(); });
    auto node = std::make_shared<inode>(directory, mode);
    nodes_.push_back(node);
    return node;
}

void disk::set_name(name_change& c, const std::shared_ptr<inode>& directory, const std::string& name,
                    std::shared_ptr<inode> to) {
    const auto there = directory->names.find(name);
    c.sides.push_back({directory, name, there == directory->names.end() ? nullptr : there->second});
    if (to)
        directory->names.insert_or_assign(name, std::move(to));
    else
        directory->names.erase(name);
}

int disk::planned_fault(op_code code, std::string_view path) {
    const std::string normal = normal_path(path);
    for (disk_fault& f : faults_) {
        if (f.code != code || !normal.starts_with(f.path) || f.count == 0)
            continue;
        if (f.skip > 0) {
            --f.skip;
            continue;
        }
        if (f.count != UINT64_MAX)
            --f.count;
        return -f.error;
    }
    return 0;
}

// ---- operations ----

int disk::open(std::string_view path, std::uint32_t flags, std::uint32_t mode, opened& out) {
    if (const int fault = planned_fault(op_code::open, path))
        return fault;
    found f;
    if (const int problem = find(path, f))
        return problem;
    if (f.wants_directory && (flags & open_flags::create))
        return -EISDIR;
    if (!f.node) {
        if (!(flags & open_flags::create))
            return -ENOENT;
        if (flags & open_flags::directory)
            return -EINVAL;
        f.node = make_node(false, mode);
        name_change c;
        set_name(c, f.parent, f.leaf, f.node);
        pending_names_.push_back(std::move(c));
    } else {
        if ((flags & open_flags::create) && (flags & open_flags::exclusive))
            return -EEXIST;
        if (f.node->directory && (flags & (open_flags::write | open_flags::create | open_flags::truncate)))
            return -EISDIR;
        if (!f.node->directory && (f.wants_directory || (flags & open_flags::directory)))
            return -ENOTDIR;
    }
    if (flags & open_flags::truncate)
        f.node->resize(0);
    out = {std::move(f.node), normal_path(path), flags};
    return 0;
}

std::int32_t disk::read(const opened& file, std::uint64_t offset, byte_span into) {
    if (const int fault = planned_fault(op_code::read, file.path))
        return fault;
    if ((file.flags & open_flags::write) && !(file.flags & open_flags::read))
        return -EBADF;
    if (file.node->directory)
        return -EISDIR;
    if (offset >= file.node->size())
        return 0;
    const auto n = std::min<std::uint64_t>(into.size(), file.node->size() - offset);
    std::copy_n(file.node->content().begin() + static_cast<std::ptrdiff_t>(offset), n, into.begin());
    return static_cast<std::int32_t>(n);
}

// How large the node may become where `size_wanted` is asked for.
std::uint64_t disk::room_for(const inode& node, std::uint64_t size_wanted) const {
    if (plan_.capacity == 0 || size_wanted <= node.size())
        return size_wanted;
    const std::uint64_t used = bytes_used();
    const std::uint64_t free = used < plan_.capacity ? plan_.capacity - used : 0;
    return std::min(size_wanted, node.size() + free);
}

std::int32_t disk::write(const opened& file, std::uint64_t offset, byte_view data) {
    if (const int fault = planned_fault(op_code::write, file.path))
        return fault;
    if (!(file.flags & open_flags::write))
        return -EBADF;
    if (file.flags & open_flags::append)
        offset = file.node->size();
    if (is_too_large(offset, data.size()))
        return -EFBIG;
    const std::uint64_t end = room_for(*file.node, offset + data.size());
    if (end <= offset && !data.empty())
        return -ENOSPC;
    const std::size_t fits = std::min<std::uint64_t>(data.size(), end - offset);
    file.node->write(offset, data.first(fits));
    return static_cast<std::int32_t>(fits);
}

int disk::sync(const opened& file) {
    const int fault = planned_fault(op_code::sync, file.path);
    if (file.node->directory) {
        if (fault)
            return fault;
        std::erase_if(pending_names_, [&](const name_change& c) {
            return std::any_of(c.sides.begin(), c.sides.end(), [&](const auto& s) { return s.directory == file.node; });
        });
        return 0;
    }
    if (fault)
        file.node->fail_sync();
    else
        file.node->sync();
    return fault;
}

int disk::rename(std::string_view from, std::string_view to) {
    if (const int fault = planned_fault(op_code::rename, from))
        return fault;
    found source, target;
    if (const int problem = find(from, source))
        return problem;
    if (const int problem = find(to, target))
        return problem;
    if (!source.parent || !target.parent)
        return -EBUSY;
    if (!source.node)
        return -ENOENT;
    if (!source.node->directory && (source.wants_directory || target.wants_directory))
        return -ENOTDIR;
    if (source.node == target.node)
        return 0;
    if (source.node->directory && is_inside(target.parent, source.node))
        return -EINVAL;
    if (target.node && is_inside(source.parent, target.node))
        return -ENOTEMPTY;
    if (target.node) {
        if (target.node->directory && !source.node->directory)
            return -EISDIR;
        if (!target.node->directory && source.node->directory)
            return -ENOTDIR;
        if (!target.node->names.empty())
            return -ENOTEMPTY;
    }
    name_change c;
    set_name(c, target.parent, target.leaf, source.node);
    set_name(c, source.parent, source.leaf, nullptr);
    pending_names_.push_back(std::move(c));
    return 0;
}

int disk::unlink(std::string_view path) {
    if (const int fault = planned_fault(op_code::unlink, path))
        return fault;
    found f;
    if (const int problem = find(path, f))
        return problem;
    if (!f.node)
        return -ENOENT;
    if (f.node->directory)
        return -EISDIR;
    if (f.wants_directory)
        return -ENOTDIR;
    name_change c;
    set_name(c, f.parent, f.leaf, nullptr);
    pending_names_.push_back(std::move(c));
    return 0;
}

int disk::make_dir(std::string_view path, std::uint32_t mode) {
    if (const int fault = planned_fault(op_code::make_dir, path))
        return fault;
    found f;
    if (const int problem = find(path, f))
        return problem;
    if (f.node)
        return -EEXIST;
    name_change c;
    set_name(c, f.parent, f.leaf, make_node(true, mode));
    pending_names_.push_back(std::move(c));
    return 0;
}

int disk::allocate(const opened& file, std::uint64_t offset, std::uint64_t length) {
    if (const int fault = planned_fault(op_code::allocate, file.path))
        return fault;
    if (!(file.flags & open_flags::write))
        return -EBADF;
    if (length == 0)
        return -EINVAL;
    if (is_too_large(offset, length))
        return -EFBIG;
    if (room_for(*file.node, offset + length) < offset + length)
        return -ENOSPC;
    file.node->allocate(offset, length);
    return 0;
}

int disk::truncate(const opened& file, std::uint64_t size) {
    if (const int fault = planned_fault(op_code::truncate, file.path))
        return fault;
    if (!(file.flags & open_flags::write))
        return -EINVAL;
    if (is_too_large(0, size))
        return -EFBIG;
    if (room_for(*file.node, size) < size)
        return -ENOSPC;
    file.node->resize(size);
    return 0;
}

result<std::vector<std::string>> disk::list_directory(std::string_view path) const {
    found f;
    int problem = find(path, f);
    if (problem == 0 && !f.node)
        problem = -ENOENT;
    if (problem == 0 && !f.node->directory)
        problem = -ENOTDIR;
    if (problem != 0)
        return std::unexpected<error>(system_error(-problem, "open directory " + std::string(path)));
    std::vector<std::string> names;
    for (const auto& [name, node] : f.node->names)
        names.push_back(name);
    return names;
}

// ---- power ----

void disk::lose_power() {
    const std::size_t kept = random_.below(pending_names_.size() + 1);
    for (; pending_names_.size() > kept; pending_names_.pop_back()) {
        auto& sides = pending_names_.back().sides;
        for (; !sides.empty(); sides.pop_back()) {
            auto& s = sides.back();
            if (s.before)
                s.directory->names.insert_or_assign(s.name, std::move(s.before));
            else
                s.directory->names.erase(s.name);
        }
    }
    pending_names_.clear();
    for (const auto& weak : nodes_)
        if (const auto node = weak.lock(); node && !node->directory)
            node->lose_power(random_, plan_.torn_sectors_are_garbage);
}

// ---- for tests ----

void disk::make_directories(std::string_view path) {
    pending_names_.clear();
    auto at = root_;
    const std::string normal = normal_path(path);
    for (const std::string_view step : steps_of(normal)) {
        auto& child = at->names[std::string(step)];
        if (!child)
            child = make_node(true, 0755);
        CHECK(child->directory);
        at = child;
    }
}

void disk::put_file(std::string_view path, byte_view content) {
    const std::string normal = normal_path(path);
    CHECK(normal != "/");
    make_directories(normal.substr(0, normal.rfind('/')));
    found f;
    CHECK(find(normal, f) == 0);
    if (!f.node) {
        f.node = make_node(false, 0644);
        f.parent->names.emplace(f.leaf, f.node);
    }
    CHECK(!f.node->directory);
    f.node->resize(0);
    f.node->write(0, content);
    f.node->sync();
}

std::optional<bytes> disk::get_file(std::string_view path) const {
    const auto node = find_node(path);
    return node && !node->directory ? std::optional<bytes>(node->content()) : std::nullopt;
}

bool disk::exists(std::string_view path) const { return find_node(path) != nullptr; }

std::vector<std::string> disk::list(std::string_view path) const { return list_directory(path).value_or(std::vector<std::string>()); }

bool disk::damage(std::string_view path, std::uint64_t at, std::uint8_t mask) {
    const auto node = find_node(path);
    return node && node->damage(at, mask);
}

std::uint64_t disk::bytes_used() const {
    std::uint64_t sum = 0;
    for (const auto& weak : nodes_)
        if (const auto node = weak.lock())
            sum += node->size();
    return sum;
}

std::uint64_t disk::content_hash() const { return hash_of(*root_, 0x6a09e667f3bcc908); }

}  // namespace tetrad::runtime::sim
