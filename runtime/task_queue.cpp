// SPDX-License-Identifier: Apache-2.0
#include "runtime/task_queue.hpp"

#include <utility>

#include "base/check.hpp"
#include "runtime/executor.hpp"
#include "runtime/shard.hpp"

namespace tetrad::runtime {

task_queue::task_queue(shard& home, queue_spec spec)
    : home_(home),
      spec_(std::move(spec)),
      full_name_(home.name() + "/" + spec_.name),
      stats_(home.on().series(), home.name(), spec_.name) {
    CHECK(spec_.shares >= 1 && spec_.shares <= 10'000);
    home_.on().attach(*this);
}

task_queue::~task_queue() { home_.on().detach(*this); }

void task_queue::becomes_runnable() { home_.on().runnable(*this); }
instant task_queue::now() const { return home_.on().now(); }

}  // namespace tetrad::runtime
