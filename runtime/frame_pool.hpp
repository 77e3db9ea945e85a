// SPDX-License-Identifier: Apache-2.0
// Memory of coroutine frames: free lists of a few size classes, per thread. The one audited exception to "no thread_local":
// a frame is allocated in a promise's operator new, which cannot be handed a shard. Frames are freed on the thread that made
// them or, in teardown, on another, whose list then keeps them; both are safe, since a list is touched by its thread only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tetrad::runtime::frame_pool {

void* allocate(std::size_t size);
void release(void* frame, std::size_t size);
/// Of frames that this thread made and that are alive, less those of others that it released.
std::int64_t bytes_alive();

}  // namespace tetrad::runtime::frame_pool
