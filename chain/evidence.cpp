// SPDX-License-Identifier: Apache-2.0
#include "chain/evidence.hpp"

#include <algorithm>

#include "base/crypto/merkle.hpp"
#include "base/text.hpp"
#include "base/wire/varint.hpp"

namespace tetrad::chain {

namespace {

std::unexpected<error> invalid(std::string text) { return fail(errc::invalid, std::move(text)); }

std::string text_of(const std::optional<vote>& v) { return v ? to_string(*v) : "nil-Vote"; }

// 31 bytes of the block's hash, a zero, and the height as a zig-zag varint: CometBFT's copy is one byte short, and the hash
// is part of the protocol.
hash256 attack_hash(byte_view block_hash, height_t common_height) {
    std::array<std::uint8_t, hash_size + wire::uvarint_max> image{};
    std::copy_n(block_hash.begin(), std::min(block_hash.size(), hash_size - 1), image.begin());
    const auto n = wire::put_uvarint(image.data() + hash_size, wire::zigzag(common_height.v));
    return crypto::sha256(byte_view(image).first(hash_size + n));
}

const validator* find(const validator_set_record& r, const address& who) {
    const auto at = std::find_if(r.validators.begin(), r.validators.end(),
                                 [&](const validator& v) { return v.address == who; });
    return at == r.validators.end() ? nullptr : &*at;
}

}  // namespace

result<void> check_shape(const duplicate_vote& d) {
    if (!d.a || !d.b)
        return invalid(
            format("one or both of the votes are empty {}, {}", text_of(d.a), text_of(d.b)));
    if (auto good = check_shape(*d.a); !good)
        return pass(good, "invalid VoteA");
    if (auto good = check_shape(*d.b); !good)
        return pass(good, "invalid VoteB");
    if (d.a->block.key() >= d.b->block.key())
        return invalid("duplicate votes in invalid order");
    return {};
}

result<duplicate_vote> make_duplicate_vote(const vote& one, const vote& other, timestamp block_time,
                                           const validator_set& set) {
    const auto* who = set.find(one.validator);
    if (!who)
        return invalid(format("validator {} not in validator set", to_hex_upper(one.validator)));
    const bool in_order = one.block.key() < other.block.key();
    return duplicate_vote{in_order ? one : other, in_order ? other : one, set.total_power(),
                          who->power, block_time};
}

result<void> check_shape(const light_client_attack& a) {
    if (!a.conflicting)
        return invalid("conflicting block is nil");
    if (!a.conflicting->signed_header)
        return invalid("conflicting block missing signed header");
    if (!a.conflicting->signed_header->header)
        return invalid("conflicting block missing header");
    for (const auto& v : a.byzantine)
        if (!v.key.has_key())
            return invalid("fromproto: key type <nil> is not supported");
    const auto& conflicting = *a.conflicting->signed_header->header;
    if (a.total_power.v <= 0)
        return invalid("negative or zero total voting power");
    if (a.common_height.v <= 0)
        return invalid("negative or zero common height");
    if (a.common_height > conflicting.height)
        return invalid(format("common height is ahead of the conflicting block height ({} > {})",
                              a.common_height.v, conflicting.height.v));
    if (auto good = check_shape(*a.conflicting, conflicting.chain_id); !good)
        return pass(good, "invalid conflicting light block");
    return {};
}

bool is_lunatic(const light_client_attack& a, const header& trusted) {
    const auto& made_up = *a.conflicting->signed_header->header;
    return trusted.validators_hash != made_up.validators_hash ||
           trusted.next_validators_hash != made_up.next_validators_hash ||
           trusted.consensus_hash != made_up.consensus_hash ||
           trusted.app_hash != made_up.app_hash ||
           trusted.last_results_hash != made_up.last_results_hash;
}

std::vector<validator> byzantine_validators(const light_client_attack& a,
                                            const validator_set& common,
                                            const signed_header& trusted) {
    const auto& conflicting = *a.conflicting->signed_header->commit;
    std::vector<validator> out;
    auto blame = [&](const validator* v) {
        if (v)
            out.push_back(*v);
    };
    if (is_lunatic(a, *trusted.header)) {
        // Everybody of the common set who signed what was made up.
        for (const auto& s : conflicting.signatures)
            if (s.flag == block_id_flag::commit)
                blame(common.find(s.validator));
    } else if (trusted.commit->round == conflicting.round) {
        // Equivocation: who signed both, in one round.
        const auto both =
            std::min(conflicting.signatures.size(), trusted.commit->signatures.size());
        for (std::size_t i = 0; i < both; ++i)
            if (conflicting.signatures[i].flag == block_id_flag::commit &&
                trusted.commit->signatures[i].flag == block_id_flag::commit)
                blame(find(*a.conflicting->validators, conflicting.signatures[i].validator));
    }
    std::sort(out.begin(), out.end(), stands_before);
    return out;
}

height_t evidence::height() const {
    if (const auto* d = std::get_if<duplicate_vote>(&what))
        return d->a ? d->a->height : height_t();
    if (const auto* a = std::get_if<light_client_attack>(&what))
        return a->common_height;
    return {};
}

timestamp evidence::time() const {
    if (const auto* d = std::get_if<duplicate_vote>(&what))
        return d->time;
    if (const auto* a = std::get_if<light_client_attack>(&what))
        return a->time;
    return {};
}

bytes evidence::leaf() const {
    if (const auto* d = std::get_if<duplicate_vote>(&what))
        return wire::encode(*d);
    if (const auto* a = std::get_if<light_client_attack>(&what))
        return wire::encode(*a);
    return {};
}

hash256 evidence::hash() const {
    const auto* a = std::get_if<light_client_attack>(&what);
    if (!a)
        return crypto::sha256(leaf());
    const bool has_header =
        a->conflicting && a->conflicting->signed_header && a->conflicting->signed_header->header;
    return attack_hash(has_header ? a->conflicting->signed_header->header->hash() : chain::hash(),
                       a->common_height);
}

result<void> check_shape(const evidence& e) {
    if (const auto* d = std::get_if<duplicate_vote>(&e.what))
        return check_shape(*d);
    if (const auto* a = std::get_if<light_client_attack>(&e.what))
        return check_shape(*a);
    return invalid("evidence is not recognized");
}

hash256 evidence_list::hash() const {
    bytes leaf;
    return crypto::merkle_root(evidence.size(), [&](std::size_t i) -> byte_view {
        leaf = evidence[i].leaf();
        return leaf;
    });
}

}  // namespace tetrad::chain
