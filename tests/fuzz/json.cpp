// SPDX-License-Identifier: Apache-2.0
// JSON: a text parses exactly where RFC 8259's grammar, written here by recursion, has it; what was parsed and is written, either
// value by value or as raw text, reads back equal; and documents that users hand in come back from their own JSON unchanged.
#include "base/bit_array.hpp"
#include "base/crypto/keys.hpp"
#include "base/text.hpp"
#include "base/wire/json.hpp"
#include "base/wire/json_text.hpp"
#include "chain/params.hpp"
#include "p2p/node_info.hpp"
#include "tests/fuzz/support.hpp"

#include <string>

namespace tetrad::fuzz {

namespace {

class grammar {
public:
    explicit grammar(std::string_view text) : rest_(text) {}
    bool accepts() {
        if (!is_valid_utf8(rest_))
            return false;
        space();
        if (!value(0))
            return false;
        space();
        return rest_.empty();
    }

private:
    static constexpr int depth_max = json::limits{}.depth_max;

    bool take(char c) {
        if (rest_.empty() || rest_[0] != c)
            return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool take(std::string_view word) {
        if (!rest_.starts_with(word))
            return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    void space() {
        while (take(' ') || take('\t') || take('\n') || take('\r')) {
        }
    }
    bool digits() {
        const auto before = rest_.size();
        while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9')
            rest_.remove_prefix(1);
        return rest_.size() != before;
    }
    bool number() {
        take('-');
        if (!take('0') && !digits())
            return false;
        if (take('.') && !digits())
            return false;
        if (take('e') || take('E')) {
            static_cast<void>(take('+') || take('-'));
            return digits();
        }
        return true;
    }
    bool string() {
        if (!take('"'))
            return false;
        while (!rest_.empty() && rest_[0] != '"') {
            if (static_cast<unsigned char>(rest_[0]) < 0x20)
                return false;
            if (!take('\\')) {
                rest_.remove_prefix(1);
            } else if (take('u')) {
                if (rest_.size() < 4 || !from_hex(rest_.substr(0, 4)))
                    return false;
                rest_.remove_prefix(4);
            } else if (rest_.empty() || std::string_view("\"\\/bfnrt").find(rest_[0]) == std::string_view::npos) {
                return false;
            } else {
                rest_.remove_prefix(1);
            }
        }
        return take('"');
    }
    bool item(bool named, int depth) {
        space();
        if (named) {
            if (!string())
                return false;
            space();
            if (!take(':'))
                return false;
            space();
        }
        if (!value(depth))
            return false;
        space();
        return true;
    }
    bool container(bool named, char end, int depth) {
        if (depth > depth_max)
            return false;
        space();
        if (take(end))
            return true;
        do {
            if (!item(named, depth))
                return false;
        } while (take(','));
        return take(end);
    }
    bool value(int depth) {
        if (take('{'))
            return container(true, '}', depth + 1);
        if (take('['))
            return container(false, ']', depth + 1);
        if (!rest_.empty() && rest_[0] == '"')
            return string();
        return take("null") || take("true") || take("false") || number();
    }

    std::string_view rest_;
};

bool same(json::value a, json::value b) {
    if (a.type() != b.type() || a.size() != b.size())
        return false;
    switch (a.type()) {
        case json::kind::null: return true;
        case json::kind::boolean: return a.boolean() == b.boolean();
        case json::kind::number: return a.raw() == b.raw();
        case json::kind::string: return a.string() == b.string();
        case json::kind::array: {
            auto other = b.elements().begin();
            for (const auto e : a.elements()) {
                if (!same(e, *other))
                    return false;
                ++other;
            }
            return true;
        }
        case json::kind::object: {
            auto other = b.members().begin();
            for (const auto m : a.members()) {
                if (m.name != (*other).name || !same(m.val, (*other).val))
                    return false;
                ++other;
            }
            return true;
        }
    }
    UNREACHABLE();
}

void write(json::writer& w, json::value v) {
    switch (v.type()) {
        case json::kind::null: return w.null();
        case json::kind::boolean: return w.boolean(v.boolean());
        case json::kind::string: return w.string(v.string());
        case json::kind::number:
            if (const auto n = v.int64(); n && v.raw() != "-0")
                return w.number(*n);
            if (const auto n = v.uint64())
                return w.number(*n);
            return w.verbatim(v.raw());
        case json::kind::array:
            w.begin_array();
            for (const auto e : v.elements())
                write(w, e);
            return w.end_array();
        case json::kind::object:
            w.begin_object();
            for (const auto m : v.members()) {
                w.key(m.name);
                write(w, m.val);
            }
            return w.end_object();
    }
}

void run_document(std::string_view text) {
    const auto parsed = json::parse(text);
    CHECK(parsed.has_value() == grammar(text).accepts());
    if (!parsed)
        return;
    for (const auto form : {json::layout::compact, json::layout::indented}) {
        std::string by_value, by_text;
        json::writer values(by_value, form), texts(by_text, form);
        write(values, parsed->root());
        texts.raw(text);
        for (const auto& written : {by_value, by_text}) {
            const auto again = json::parse(written);
            CHECK(again && same(parsed->root(), again->root()));
        }
        if (form == json::layout::compact)
            CHECK(by_value.size() <= 6 * text.size());
    }
    if (parsed->root().is(json::kind::object))
        for (const auto m : parsed->root().members())
            CHECK(parsed->root().find(m.name) && parsed->root().find_fold(to_upper(m.name)));
}

template <class T>
void run_message(std::string_view text) {
    const auto read = from_json<T>(text);
    if (!read)
        return;
    const auto written = to_json(*read);
    const auto again = from_json<T>(written);
    CHECK(again && to_json(*again) == written);
    const auto indented = from_json<T>(to_json_indented(*read));
    CHECK(indented && to_json(*indented) == written);
}

}  // namespace

}  // namespace tetrad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tetrad;
    const auto text = tetrad::text(byte_view(data, size));
    fuzz::run_document(text);
    fuzz::run_message<chain::consensus_params>(text);
    fuzz::run_message<chain::consensus_params_update>(text);
    fuzz::run_message<p2p::node_info>(text);
    fuzz::run_message<crypto::public_key>(text);
    fuzz::run_message<bit_array>(text);
    return 0;
}
