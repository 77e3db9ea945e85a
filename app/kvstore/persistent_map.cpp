// SPDX-License-Identifier: Apache-2.0
#include "app/kvstore/persistent_map.hpp"

#include <cstring>

#include "base/crypto/hash.hpp"

namespace tetrad::app {

namespace {

// Unpredictable depth only for whoever can find SHA-256 prefixes at will.
std::uint64_t priority_of(std::string_view key) {
    const hash256 digest = crypto::sha256(view(key));
    std::uint64_t p = 0;
    std::memcpy(&p, digest.data.data(), sizeof p);
    return p;
}

}  // namespace

const std::string* persistent_map::find(std::string_view key) const {
    for (const node* at = root_.get(); at;) {
        const int order = key.compare(at->key);
        if (order == 0)
            return &at->value;
        at = order < 0 ? at->left.get() : at->right.get();
    }
    return nullptr;
}

persistent_map::link persistent_map::with(const link& at, std::string&& key, std::string&& value, std::uint64_t priority) {
    if (!at)
        return std::make_shared<const node>(node{std::move(key), std::move(value), priority, nullptr, nullptr});
    const int order = key.compare(at->key);
    if (order == 0)
        return std::make_shared<const node>(node{std::move(key), std::move(value), priority, at->left, at->right});
    if (order < 0) {
        link child = with(at->left, std::move(key), std::move(value), priority);
        if (child->priority <= at->priority)
            return std::make_shared<const node>(node{at->key, at->value, at->priority, std::move(child), at->right});
        auto below = std::make_shared<const node>(node{at->key, at->value, at->priority, child->right, at->right});
        return std::make_shared<const node>(node{child->key, child->value, child->priority, child->left, std::move(below)});
    }
    link child = with(at->right, std::move(key), std::move(value), priority);
    if (child->priority <= at->priority)
        return std::make_shared<const node>(node{at->key, at->value, at->priority, at->left, std::move(child)});
    auto below = std::make_shared<const node>(node{at->key, at->value, at->priority, at->left, child->left});
    return std::make_shared<const node>(node{child->key, child->value, child->priority, std::move(below), child->right});
}

void persistent_map::put(std::string key, std::string value) {
    const auto priority = priority_of(key);
    root_ = with(root_, std::move(key), std::move(value), priority);
}

persistent_map::link persistent_map::joined(const link& left, const link& right) {
    if (!left || !right)
        return left ? left : right;
    if (left->priority >= right->priority)
        return std::make_shared<const node>(node{left->key, left->value, left->priority, left->left, joined(left->right, right)});
    return std::make_shared<const node>(node{right->key, right->value, right->priority, joined(left, right->left), right->right});
}

persistent_map::link persistent_map::without(const link& at, std::string_view key) {
    const int order = key.compare(at->key);
    if (order == 0)
        return joined(at->left, at->right);
    return std::make_shared<const node>(order < 0
                                            ? node{at->key, at->value, at->priority, without(at->left, key), at->right}
                                            : node{at->key, at->value, at->priority, at->left, without(at->right, key)});
}

bool persistent_map::erase(std::string_view key) {
    if (!find(key))
        return false;
    root_ = without(root_, key);
    return true;
}

}  // namespace tetrad::app
