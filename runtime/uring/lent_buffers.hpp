// SPDX-License-Identifier: Apache-2.0
// The buffers that receives lend: one block of 4 KiB pieces, of which the kernel takes one when it has something to put there, and
// which come back when whoever reads is done. Where all are out, single ones come from the heap. All are aligned to their size, so
// any address within one finds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <liburing.h>

namespace tetrad::runtime {

class lent_buffers {
public:
    static constexpr unsigned size = 4096;  // bytes of one
    static constexpr std::uint16_t group = 0;

    lent_buffers() = default;
    lent_buffers(const lent_buffers&) = delete;
    lent_buffers& operator=(const lent_buffers&) = delete;
    ~lent_buffers() { close(); }  // after the ring's

    /// `count`: a power of two up to 32768. Before the ring is restricted. 0, or minus errno: then there are none.
    int open(io_uring&, unsigned count);

    /// What is in one that the kernel has filled and nobody has read, or not all of it.
    struct content {
        std::uint32_t begin = 0, end = 0;
        std::uint32_t size() const { return end - begin; }
    };
    content& of(unsigned number) { return contents_[number]; }
    std::uint8_t* at(unsigned number) const { return block_ + std::size_t{number} * size; }

    /// The kernel has filled this one.
    void taken(unsigned number, std::uint32_t bytes);
    bool any_free() const { return free_ > 0; }
    /// One from the heap.
    static void* make_single();
    /// Any address in any of them.
    void give_back(void*);
    void give_back(unsigned number);

private:
    void close();

    io_uring_buf_ring* ring_ = nullptr;  // which pieces the kernel may take
    std::size_t ring_bytes_ = 0;
    std::uint8_t* block_ = nullptr;
    unsigned count_ = 0, free_ = 0;
    std::vector<content> contents_;
};

}  // namespace tetrad::runtime
