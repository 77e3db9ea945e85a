// SPDX-License-Identifier: Apache-2.0
// An ordered map whose copies share what they have in common: a copy is one reference count, an update copies the path to the key.
// So one writer changes its own copy while readers on other shards keep theirs. A treap; a node's priority follows from its key,
// hence the shape from the content alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tetrad::app {

class persistent_map {
public:
    /// nullptr where it is not there. Valid as long as this copy.
    const std::string* find(std::string_view key) const;
    void put(std::string key, std::string value);
    /// False where it was not there.
    bool erase(std::string_view key);
    bool empty() const { return !root_; }

private:
    struct node;
    using link = std::shared_ptr<const node>;
    struct node {
        std::string key, value;
        std::uint64_t priority;
        link left, right;
    };
    static link with(const link& at, std::string&& key, std::string&& value, std::uint64_t priority);
    static link without(const link& at, std::string_view key);
    static link joined(const link& left, const link& right);

    link root_;
};

}  // namespace tetrad::app
