// SPDX-License-Identifier: Apache-2.0
// RocksDB behind kv: a column family a table, one write-ahead log. The only place that knows RocksDB. Background work (flush,
// compaction) runs on RocksDB's own low-priority threads, which sleep when there is nothing to do.
//
// Memory, whatever the size of the store: write buffers 64 MiB, block cache 32 MiB, table readers within the cache.
#pragma once

#include <memory>
#include <string>

#include "storage/kv.hpp"

namespace tetrad::storage {

/// Opens or creates the store in directory `path` (its parent exists). One process at a time: another gets a clear error.
result<std::unique_ptr<kv>> open_rocks(const std::string& path);

}  // namespace tetrad::storage
