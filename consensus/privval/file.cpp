// SPDX-License-Identifier: Apache-2.0
#include "consensus/privval/file.hpp"

#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "runtime/file.hpp"

namespace tetrad::consensus::privval {

using runtime::ok;
using runtime::task;

namespace {

constexpr std::uint32_t mode = 0600;

}  // namespace

file_signer::file_signer(crypto::private_key key, sign_record last, std::string state_path,
                         std::string chain_id)
    : key_(std::move(key)),
      public_key_(key_.public_key()),
      last_(std::move(last)),
      state_path_(std::move(state_path)),
      chain_id_(std::move(chain_id)) {}

task<result<void>> file_signer::save(sign_record next) {
    result<void> saved =
        co_await runtime::replace_file(state_path_, to_bytes(json::to_json_indented(next)), mode);
    if (!saved) {
        broken_ = true;
        co_return fail(errc::fatal, format("the record of what was signed cannot be saved: {}",
                                           saved.error().text));
    }
    last_ = std::move(next);
    saved_ = true;
    co_return result<void>{};
}

template <class T>
task<result<void>> file_signer::sign_once(T& what) {
    if (broken_)
        co_return fail(errc::fatal, "the record of what was signed could not be saved before");
    auto before = check(last_, what, chain_id_);
    if (!before)
        co_return pass(before);
    if (*before) {
        // Who saved it may have been killed before its directory was synced.
        if (!saved_)
            co_await ok(save(last_));
        what.time = (*before)->time;
        what.sig = (*before)->sig;
        co_return result<void>{};
    }
    auto sig = key_.sign(sign_bytes(what, chain_id_));
    if (!sig)
        co_return fail(errc::fatal, sig.error().text);
    sign_record next = next_record(what, chain_id_, *sig);
    co_await ok(save(std::move(next)));
    what.sig = *sig;
    co_return result<void>{};
}

task<result<void>> file_signer::sign(chain::vote& v, bool extension) {
    const bool extends = extension && v.type == chain::vote_type::precommit && !v.is_nil();
    co_await ok(sign_once(v));
    if (extends) {
        auto sig = key_.sign(chain::extension_sign_bytes(v, chain_id_));
        if (!sig)
            co_return fail(errc::fatal, sig.error().text);
        v.extension_sig = *sig;
    }
    co_return result<void>{};
}

task<result<void>> file_signer::sign(chain::proposal& p) { return sign_once(p); }

}  // namespace tetrad::consensus::privval
