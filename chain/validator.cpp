// SPDX-License-Identifier: Apache-2.0
#include "chain/validator.hpp"

#include "base/text.hpp"

namespace tetrad::chain {

namespace {

// tendermint.types.SimpleValidator.
struct simple_validator {
    crypto::public_key key;
    power_t power;
    static constexpr auto schema =
        fields(field<1>("", &simple_validator::key), field<2>("", &simple_validator::power));
};

}  // namespace

bytes validator::leaf() const { return wire::encode(simple_validator{key, power}); }

result<void> check_shape(const validator& v) {
    if (!v.key.has_key())
        return fail(errc::invalid, "validator does not have a public key");
    if (v.power.v < 0)
        return fail(errc::invalid, "validator has negative voting power");
    if (const auto derived = v.key.address(); derived != v.address)
        return fail(errc::invalid,
                    format("validator address is incorrectly derived from pubkey. Exp: {}, got {}",
                           to_hex_upper(derived), to_hex_upper(v.address)));
    return {};
}

std::string to_string(const crypto::public_key& k) {
    if (!k.has_key())
        return "<nil>";
    return format("{}{{{}}}", k.is_ed25519() ? "PubKeyEd25519" : "PubKeySecp256k1",
                  to_hex_upper(k.raw()));
}

std::string to_string(const validator& v) {
    return format("Validator{{{} {} VP:{} A:{}}}", to_hex_upper(v.address), to_string(v.key),
                  v.power.v, v.priority);
}

}  // namespace tetrad::chain
