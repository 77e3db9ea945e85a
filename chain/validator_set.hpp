// SPDX-License-Identifier: Apache-2.0
// The validators of one height: who they are, in what order, whose turn it is to propose. A value that shares immutable data:
// a copy is a reference count, so sets may be held by states, snapshots and several shards; a change makes new data. What does
// not change with each block (the hash, the total power, who stands where) is computed once per change of the members.
//
// Order: power descending, then address ascending; it decides the indices of votes and commits, and the hash. Turns and the
// priority of new members are CometBFT's to the last bit: chain/priority.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "chain/ids.hpp"
#include "chain/validator.hpp"

namespace tetrad::chain {

/// An eighth of what an int64 holds, so that sums of powers and priorities stay within it.
constexpr std::int64_t total_power_max = INT64_MAX / 8;

class validator_set {
public:
    validator_set() = default;

    /// Of distinct members with power above zero, in any order; ready to propose (one increment done). No members: the empty
    /// set. Fails as update does.
    static result<validator_set> make(std::span<const validator> members);
    /// As received or stored: priorities and proposer as they are. Fails where a member or the proposer is malformed, the
    /// total is too large, the proposer is not among the members, or there are none (ValidatorSetFromProto).
    static result<validator_set> from(const validator_set_record&);
    /// As from, but a record without members is the empty set, as a state may hold it.
    static result<validator_set> from_or_empty(const validator_set_record&);
    /// From members with known priorities, as RPC lists them: the proposer is whoever was just charged
    /// (ValidatorSetFromExistingValidators).
    static result<validator_set> from_existing(std::vector<validator> members);

    validator_set_record record() const;

    std::size_t size() const { return data_ ? data_->members.size() : 0; }
    bool empty() const { return size() == 0; }
    /// In order; `i` is within the set.
    const validator& at(std::size_t i) const { return members()[i]; }
    std::span<const validator> members() const {
        return data_ ? std::span<const validator>(data_->members) : std::span<const validator>();
    }
    auto begin() const { return members().begin(); }
    auto end() const { return members().end(); }

    /// Logarithmic. The first one, where a peer's set has doubles.
    std::optional<std::size_t> index_of(byte_view who) const;
    /// nullptr where it is not a member. Lives as long as any copy of this set.
    const validator* find(byte_view who) const;
    bool has(byte_view who) const { return index_of(who).has_value(); }

    power_t total_power() const { return data_ ? data_->facts->total : power_t(0); }
    /// Merkle root over the members' leaves; of no members SHA256("").
    hash256 hash() const;
    /// All keys are of one kind. True of the empty set.
    bool has_one_key_type() const { return !data_ || data_->facts->one_key_type; }
    /// Whose turn it is; the set is not empty.
    const validator& proposer() const;

    /// One or more turns on; the set is not empty.
    void increment(std::int32_t times);
    validator_set incremented(std::int32_t times) const;

    /// Changes members: power 0 removes. All or nothing; an empty list changes nothing. The priority of a change is ignored.
    /// Fails on doubles, negative or too large power, an unknown removal, an empty result, a too large total.
    result<void> update(std::span<const validator> changes);

    /// Same members, priorities and proposer.
    bool operator==(const validator_set&) const;

private:
    // What only a change of the members changes.
    struct facts_t {
        std::vector<std::uint32_t> by_address;  // indices, by address then index
        power_t total;
        hash256 root;
        bool one_key_type = true;
    };
    struct data_t {
        std::vector<validator> members;
        std::optional<validator> proposer;
        std::shared_ptr<const facts_t> facts;
    };

    static result<std::shared_ptr<const facts_t>> facts_of(std::span<const validator>);
    result<void> change(std::span<const validator> changes, bool may_remove);

    std::shared_ptr<const data_t> data_;  // null: empty
};

/// The order of members: power descending, then address ascending.
bool stands_before(const validator& a, const validator& b);

/// What an application is told about a set at InitChain.
std::vector<validator_update> updates_of(const validator_set&);

}  // namespace tetrad::chain
