// SPDX-License-Identifier: Apache-2.0
#include "daemon/keys.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "config/files.hpp"

namespace tetrad::daemon {
namespace {

constexpr std::size_t key_file_bytes_max = 1u << 20;
constexpr unsigned key_file_mode = 0600;

struct node_key_file {
    crypto::private_key priv_key;
    static constexpr auto schema =
        wire::fields(wire::json_field("priv_key", &node_key_file::priv_key));
};

void wipe(std::string& text) {
    crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

template <class T>
result<T> load(const std::string& path, std::string_view what, std::string_view remedy) {
    auto text = config::read_file(path, key_file_bytes_max);
    if (!text)
        return fail(text.error().code, format("{}; {}", text.error().text, remedy));
    auto read = from_json<T>(*text);
    wipe(*text);
    if (!read)
        return fail(errc::invalid, format("error reading {} from {}: {}; {}", what, path,
                                          read.error().text, remedy));
    return read;
}

template <class T>
result<void> save(const std::string& path, const T& what, json::layout form) {
    std::string text;
    text.reserve(2048);  // more than any of them takes: growing would leave parts of it behind
    json::writer w(text, form);
    json::write(w, what);
    const auto saved = config::replace_file(path, text, key_file_mode);
    wipe(text);
    return saved;
}

result<crypto::public_key> public_half(const crypto::private_key& key, std::string_view what,
                                       const std::string& path, std::string_view remedy) {
    const auto pub = key.public_key();
    if (!pub.has_key())
        return fail(errc::invalid,
                    format("error reading {} from {}: priv_key: it holds no usable key; {}", what,
                           path, remedy));
    return pub;
}

}  // namespace

crypto::private_key make_private_key(random_source& random) {
    fixed<crypto::ed25519::seed_size> seed;
    random.fill(seed.data);
    auto key = crypto::private_key::from_seed(seed);
    crypto::wipe(seed.data);
    return key;
}

std::string node_id(const crypto::private_key& key) { return to_hex(key.public_key().address()); }

result<crypto::private_key> load_node_key(const std::string& path) {
    constexpr std::string_view what = "node key";
    constexpr std::string_view remedy =
        "restore it from a backup, or without the file \"tetrad gen-node-key\" makes a new "
        "identity";
    TRY(const auto file, load<node_key_file>(path, what, remedy));
    TRY_VOID(public_half(file.priv_key, what, path, remedy));
    return file.priv_key;
}

result<crypto::private_key> load_or_make_node_key(const std::string& path, random_source& random) {
    if (config::file_exists(path))
        return load_node_key(path);
    const node_key_file made{make_private_key(random)};
    TRY_VOID(save(path, made, json::layout::compact));
    return made.priv_key;
}

validator_files make_validator(random_source& random) {
    const auto key = make_private_key(random);
    return {{key.public_key().address(), key.public_key(), key}, {}};
}

result<validator_key> load_validator_key(const std::string& path) {
    constexpr std::string_view what = "PrivValidator key";
    constexpr std::string_view remedy =
        "restore it from a backup, or without the file \"tetrad init\" makes a new validator";
    TRY(auto key, load<validator_key>(path, what, remedy));
    TRY(key.pub_key, public_half(key.priv_key, what, path, remedy));
    key.address = key.pub_key.address();
    return key;
}

result<last_sign_state> load_validator_state(const std::string& path) {
    return load<last_sign_state>(path, "PrivValidator state",
                                 "restore the newest copy there is: an older one can sign twice; "
                                 "only for a key that never signed "
                                 "\"tetrad unsafe-reset-priv-validator\" makes an empty one");
}

result<validator_files> load_validator(const std::string& key_path, const std::string& state_path) {
    TRY(auto key, load_validator_key(key_path));
    TRY(auto state, load_validator_state(state_path));
    return validator_files{std::move(key), std::move(state)};
}

result<void> save_validator(const validator_files& files, const std::string& key_path,
                            const std::string& state_path) {
    TRY_VOID(save(key_path, files.key, json::layout::indented));
    return save(state_path, files.state, json::layout::indented);
}

result<validator_files> load_or_make_validator(const std::string& key_path,
                                               const std::string& state_path,
                                               random_source& random) {
    if (config::file_exists(key_path))
        return load_validator(key_path, state_path);
    auto made = make_validator(random);
    TRY_VOID(save_validator(made, key_path, state_path));
    return made;
}

}  // namespace tetrad::daemon
