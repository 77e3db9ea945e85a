// SPDX-License-Identifier: Apache-2.0
// 64 writers of records of 200 bytes, each waiting until its record is durable, over one file. What a commit of the bare side costs
// is in append.cpp.
#include "tests/bench/runtime/list.hpp"

namespace tetrad::bench {

namespace {

class append_group final : public comparison {
public:
    std::vector<metric> metrics() const override {
        return {{"append_64_grouped", "rec/s", {aim::side::at_least, aim::of::value, 200'000}}};
    }
    result<sample> bare() override { return sample{}; }
    result<sample> ours() override {
        return fail(errc::unsupported, "the runtime has no group commit yet");
    }
};

}  // namespace

std::unique_ptr<comparison> compare_group(const place&) { return std::make_unique<append_group>(); }

}  // namespace tetrad::bench
