// SPDX-License-Identifier: Apache-2.0
#include "runtime/uring/lent_buffers.hpp"

#include <bit>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <sys/mman.h>

#include "base/check.hpp"

namespace tetrad::runtime {

namespace {

void* map(std::size_t bytes) {
    void* const p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? nullptr : p;
}

}  // namespace

void lent_buffers::close() {
    if (ring_)
        ::munmap(std::exchange(ring_, nullptr), ring_bytes_);
    if (block_)
        ::munmap(std::exchange(block_, nullptr), std::size_t{count_} * size);
    count_ = free_ = 0;
}

// Pages of the block are the system's until something is received into them.
int lent_buffers::open(io_uring& in, unsigned count) {
    CHECK(!ring_ && std::has_single_bit(count) && count <= 32768);
    count_ = count;
    ring_bytes_ = (count * sizeof(io_uring_buf) + 4095) / 4096 * 4096;
    ring_ = static_cast<io_uring_buf_ring*>(map(ring_bytes_));
    block_ = static_cast<std::uint8_t*>(map(std::size_t{count} * size));
    if (!ring_ || !block_) {
        close();
        return -ENOMEM;
    }
    io_uring_buf_ring_init(ring_);
    contents_.resize(count);
    for (unsigned i = 0; i < count; ++i)
        give_back(i);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(ring_);
    registration.ring_entries = count;
    registration.bgid = group;
    const int refused = io_uring_register_buf_ring(&in, &registration, 0);
    if (refused < 0)
        close();
    return refused;
}

void lent_buffers::taken(unsigned number, std::uint32_t bytes) {
    CHECK(number < count_ && free_ > 0 && bytes <= size);
    --free_;
    contents_[number] = {0, bytes};
}

void lent_buffers::give_back(unsigned number) {
    io_uring_buf_ring_add(ring_, at(number), size, static_cast<unsigned short>(number), io_uring_buf_ring_mask(count_), 0);
    io_uring_buf_ring_advance(ring_, 1);
    ++free_;
    CHECK(free_ <= count_);
}

void* lent_buffers::make_single() {
    void* const p = std::aligned_alloc(size, size);
    CHECK(p);
    return p;
}

void lent_buffers::give_back(void* address) {
    auto* const start = reinterpret_cast<std::uint8_t*>(reinterpret_cast<std::uintptr_t>(address) & ~std::uintptr_t{size - 1});
    if (block_ && start >= block_ && start < block_ + std::size_t{count_} * size)
        give_back(static_cast<unsigned>((start - block_) / size));
    else
        std::free(start);
}

}  // namespace tetrad::runtime
