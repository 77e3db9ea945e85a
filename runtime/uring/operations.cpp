// SPDX-License-Identifier: Apache-2.0
// Each op_code as a submission entry, and what its completion means.
#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.hpp"
#include "runtime/uring/address.hpp"
#include "runtime/uring/backend.hpp"
#include "runtime/uring/scratch.hpp"
#include "runtime/uring/user_data.hpp"

namespace tetrad::runtime {

namespace {

int to_system(std::uint32_t flags) {
    int out = O_CLOEXEC;
    const bool reads = flags & open_flags::read, writes = flags & open_flags::write;
    out |= reads && writes ? O_RDWR : writes ? O_WRONLY : O_RDONLY;
    if (flags & open_flags::create)
        out |= O_CREAT;
    if (flags & open_flags::exclusive)
        out |= O_EXCL;
    if (flags & open_flags::truncate)
        out |= O_TRUNC;
    if (flags & open_flags::append)
        out |= O_APPEND;
    if (flags & open_flags::directory)
        out |= O_DIRECTORY;
    if (flags & open_flags::direct)
        out |= O_DIRECT;
    return out;
}

unsigned length_of(const op& o) {
    CHECK(o.length <= UINT32_MAX);
    return static_cast<unsigned>(o.length);
}

}  // namespace

uring_backend::scratch& uring_backend::take_scratch(op& o) {
    if (!o.backend_data) {
        if (spare_.empty())
            spare_.push_back(std::make_unique<scratch>());
        o.backend_data = spare_.back().release();
        spare_.pop_back();
    }
    return *static_cast<scratch*>(o.backend_data);
}

void uring_backend::give_back_scratch(op& o) {
    if (auto* const s = static_cast<scratch*>(std::exchange(o.backend_data, nullptr)))
        spare_.emplace_back(s);
}

// A connection's socket is made here; a kernel that cannot truncate by the ring is asked directly.
bool uring_backend::needs_kernel(op& o) {
    if (o.code == op_code::connect) {
        const int fd = open_socket(o.peer);
        if (fd < 0) {
            o.result = fd;
            return false;
        }
        take_scratch(o).fd = fd;
    } else if (o.code == op_code::send || o.code == op_code::sendv) {
        o.result = take_problem(o.fd);
        return o.result == 0;
    } else if (o.code == op_code::truncate && !ring_.has_ftruncate()) {
        o.result = ::ftruncate(o.fd, static_cast<off_t>(o.length)) == 0 ? 0 : -errno;
        return false;
    }
    return true;
}

void uring_backend::prepare(io_uring_sqe& entry, op& o) {
    io_uring_sqe* const e = &entry;
    switch (o.code) {
        case op_code::accept: UNREACHABLE();  // always multishot
        case op_code::connect: {
            scratch& s = take_scratch(o);
            s.size = to_sockaddr(o.peer, s.address);
            io_uring_prep_connect(e, s.fd, reinterpret_cast<sockaddr*>(&s.address), s.size);
            break;
        }
        case op_code::recv: io_uring_prep_recv(e, o.fd, o.buffer, length_of(o), 0); break;
        case op_code::receive:
            io_uring_prep_recv(e, o.fd, o.buffer, lent_buffers::size, 0);
            break;
        case op_code::send: io_uring_prep_send(e, o.fd, o.buffer, length_of(o), MSG_NOSIGNAL); break;
        case op_code::sendv: {
            scratch& s = take_scratch(o);
            std::size_t n = 0;
            for (std::size_t i = 0; i < o.parts->size() && n < s.parts.size(); ++i)
                if (const byte_view part = (*o.parts)[i]; !part.empty())
                    s.parts[n++] = iovec{const_cast<std::uint8_t*>(part.data()), part.size()};  // only read from
            s.message = msghdr{};
            s.message.msg_iov = s.parts.data();
            s.message.msg_iovlen = n;
            io_uring_prep_sendmsg(e, o.fd, &s.message, MSG_NOSIGNAL);
            break;
        }
        case op_code::open: io_uring_prep_openat(e, AT_FDCWD, o.path, to_system(o.flags), o.mode); break;
        case op_code::read: io_uring_prep_read(e, o.fd, o.buffer, length_of(o), o.offset); break;
        case op_code::write: io_uring_prep_write(e, o.fd, o.buffer, length_of(o), o.offset); break;
        case op_code::write_durable: prepare_durable(entry, o); return;
        case op_code::sync:
            io_uring_prep_fsync(e, o.fd, o.flags & open_flags::directory ? 0 : IORING_FSYNC_DATASYNC);
            break;
        case op_code::rename: io_uring_prep_renameat(e, AT_FDCWD, o.path, AT_FDCWD, o.path2, 0); break;
        case op_code::unlink: io_uring_prep_unlinkat(e, AT_FDCWD, o.path, 0); break;
        case op_code::make_dir: io_uring_prep_mkdirat(e, AT_FDCWD, o.path, o.mode); break;
        case op_code::allocate:
            io_uring_prep_fallocate(e, o.fd, 0, static_cast<off_t>(o.offset), static_cast<off_t>(o.length));
            break;
        case op_code::truncate: io_uring_prep_rw(op_ftruncate, e, o.fd, nullptr, 0, o.length); break;
    }
    io_uring_sqe_set_data64(e, data_of(o));
}

unsigned uring_backend::entries_of(const op& o) {
    return o.code == op_code::write_durable && !(o.flags & open_flags::direct) ? 2 : 1;
}

// Past the page cache the device is told with the write itself. Through it, a sync follows in the same submission.
void uring_backend::prepare_durable(io_uring_sqe& entry, op& o) {
    io_uring_prep_write(&entry, o.fd, o.buffer, length_of(o), o.offset);
    io_uring_sqe_set_data64(&entry, data_of(o));
    if (entries_of(o) == 1) {
        entry.rw_flags = RWF_DSYNC;
        return;
    }
    entry.flags |= IOSQE_IO_LINK;
    io_uring_sqe* const sync = ring_.next_entry();
    CHECK(sync);
    io_uring_prep_fsync(sync, o.fd, IORING_FSYNC_DATASYNC);
    io_uring_sqe_set_data64(sync, data_of_sync(o));
    take_scratch(o).halves = 2;
}

std::int32_t uring_backend::translate(op& o, std::int32_t result) {
    if (o.code == op_code::connect) {
        const int fd = std::exchange(take_scratch(o).fd, -1);
        if (result >= 0)
            return fd;
        ::close(fd);
    } else if (o.code == op_code::recv || o.code == op_code::receive) {
        if (o.code == op_code::receive && result <= 0)
            lent_.give_back(std::exchange(o.buffer, nullptr));
        if (o.backend_data)
            leave_multishot(o);
    }
    return result;
}

}  // namespace tetrad::runtime
