// SPDX-License-Identifier: Apache-2.0
// Parsing: simdjson finds the tokens and checks UTF-8, brackets and commas; strings, numbers and words are checked here, where
// they become nodes. The writer is in json_writer.cpp.
#include "base/wire/json_text.hpp"

#include <simdjson.h>
#include <vector>

#include "base/crypto/box.hpp"
#include "base/text.hpp"

namespace tetrad::json {

namespace detail {

struct tree {
    std::string source;  // with simdjson's padding behind the text
    std::vector<node> nodes;
    std::vector<std::string> unescaped;

    ~tree() {  // it may hold a key
        wipe(source);
        for (auto& text : unescaped)
            wipe(text);
    }
    static void wipe(std::string& text) { crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}); }
    std::string_view raw(const node& n) const { return std::string_view(source).substr(n.begin, n.size); }
};

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t bytes_limit = std::size_t{1} << 30;  // offsets are 32 bits
constexpr int depth_limit = 1000;                          // the builder calls itself

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view words(simdjson::error_code code) {
    switch (code) {
        case simdjson::EMPTY: return "there is no value";
        case simdjson::UTF8_ERROR: return "a string is not valid UTF-8";
        case simdjson::UNCLOSED_STRING: return "a string has no end";
        case simdjson::UNESCAPED_CHARS: return "a control character in a string is not escaped";
        case simdjson::DEPTH_ERROR: return "nested too deeply";
        case simdjson::CAPACITY: return "too large";
        case simdjson::MEMALLOC: return "out of memory";
        default: return "a comma, a colon or a bracket is missing or in the wrong place";
    }
}

// The number's length where `in` starts with one, else 0.
std::size_t number_length(std::string_view in) {
    std::size_t i = 0;
    auto digits = [&] {
        const auto from = i;
        while (i < in.size() && is_digit(in[i]))
            ++i;
        return i > from;
    };
    if (in.starts_with('-'))
        ++i;
    if (in.substr(i).starts_with('0'))
        ++i;
    else if (!digits())
        return 0;
    if (in.substr(i).starts_with('.') && (++i, !digits()))
        return 0;
    if (i < in.size() && (in[i] == 'e' || in[i] == 'E')) {
        ++i;
        if (i < in.size() && (in[i] == '+' || in[i] == '-'))
            ++i;
        if (!digits())
            return 0;
    }
    return i;
}

int hex_digit(char c) {
    const auto at = std::string_view("0123456789abcdef0123456789ABCDEF").find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at % 16);
}

// The four hex digits after \u; -1 where they are not.
int hex4(std::string_view in) {
    int code = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const int digit = i < in.size() ? hex_digit(in[i]) : -1;
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
        return;
    }
    constexpr std::uint32_t first_byte[] = {0, 0xc0, 0xe0, 0xf0};
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    out += static_cast<char>(first_byte[more] | code >> (6 * more));
    for (int i = more - 1; i >= 0; --i)
        out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
}

// Undoes the escapes of a string's inside; false where one is not valid.
bool unescape(std::string_view in, std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    while (!in.empty()) {
        const auto plain = in.substr(0, in.find('\\'));
        out += plain;
        in.remove_prefix(plain.size());
        if (in.size() < 2)
            return in.empty();
        const char c = in[1];
        in.remove_prefix(2);
        if (c != 'u') {
            const auto which = letters.find(c);
            if (which == std::string_view::npos)
                return false;
            out += meanings[which];
            continue;
        }
        int code = hex4(in);
        if (code < 0)
            return false;
        in.remove_prefix(4);
        if (code >= 0xd800 && code < 0xe000) {
            const int low = in.starts_with("\\u") ? hex4(in.substr(2)) : -1;
            if (code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                in.remove_prefix(6);
            } else {
                code = 0xfffd;
            }
        }
        append_utf8(out, static_cast<std::uint32_t>(code));
    }
    return true;
}

class builder {
public:
    builder(tree& t, std::size_t size, int depth_max) : tree_(t), size_(size), depth_max_(std::min(depth_max, depth_limit)) {}

    bool scalar(std::string_view token) {
        const auto at = static_cast<std::size_t>(token.data() - tree_.source.data());
        if (token.starts_with('"'))
            return string(at) && is_no_name();
        auto rest = std::string_view(tree_.source).substr(at, size_ - at);
        const auto boundary = [&](std::size_t n) { return n == rest.size() || is_space(rest[n]) || rest[n] == ',' || rest[n] == ']' || rest[n] == '}'; };
        for (const auto& [word, type] : {std::pair<std::string_view, kind>{"null", kind::null}, {"true", kind::boolean}, {"false", kind::boolean}})
            if (rest.starts_with(word) && boundary(word.size()))
                return add(at, word.size(), type);
        if (const auto n = number_length(rest); n > 0 && boundary(n))
            return add(at, n, kind::number);
        return because(at, "no value starts here");
    }

    // simdjson made sure that every string has an end.
    bool string(std::size_t at) {
        const auto& text = tree_.source;
        std::size_t end = at + 1;
        bool escaped = false;
        while (end < size_ && text[end] != '"') {
            escaped = escaped || text[end] == '\\';
            end += text[end] == '\\' ? 2 : 1;
        }
        if (end >= size_)
            return because(at, "a string has no end");
        add(at, end + 1 - at, kind::string);
        if (escaped) {
            auto& n = tree_.nodes.back();
            n.escaped = true;
            n.link = static_cast<std::uint32_t>(tree_.unescaped.size());
            if (!unescape(std::string_view(text).substr(at + 1, end - at - 1), tree_.unescaped.emplace_back()))
                return because(at, "a string has an escape that JSON does not know");
        }
        return true;
    }

    // Past a string value simdjson looks for the end of a member where a colon follows, whatever stands between.
    bool is_no_name() {
        const auto& value = tree_.nodes.back();
        const auto next = tree_.source.find_first_not_of(" \t\n\r", value.begin + value.size);
        return next >= size_ || tree_.source[next] != ':' || because(next, words(simdjson::TAPE_ERROR));
    }

    bool any(ondemand::value v) {
        const auto token = v.raw_json_token();
        if (token.empty())
            return because(size_, "there is no value");
        return token[0] == '[' ? array(v, token) : token[0] == '{' ? object(v, token) : scalar(token);
    }

    template <class Container>
    bool array(Container& v, std::string_view token) {
        ondemand::array found;
        if (const auto code = v.get_array().get(found))
            return because(offset(token), words(code));
        return inside(token, kind::array, [&] {
            for (auto element : found) {
                ondemand::value one;
                if (const auto code = element.get(one))
                    return because(end_, words(code));
                if (!any(one))
                    return false;
            }
            return true;
        });
    }

    template <class Container>
    bool object(Container& v, std::string_view token) {
        ondemand::object found;
        if (const auto code = v.get_object().get(found))
            return because(offset(token), words(code));
        return inside(token, kind::object, [&] {
            for (auto field : found) {
                ondemand::field one;
                if (const auto code = std::move(field).get(one))
                    return because(end_, words(code));
                const auto name = static_cast<std::size_t>(one.key().raw() - tree_.source.data()) - 1;
                if (!string(name) || !any(one.value()))
                    return false;
            }
            return true;
        });
    }

    error failed() const { return error(errc::invalid, format("invalid JSON at byte {}: {}", end_, why_)); }
    bool because(std::size_t at, std::string_view why) {
        end_ = at;
        why_ = why;
        return false;
    }

private:
    std::size_t offset(std::string_view token) const { return static_cast<std::size_t>(token.data() - tree_.source.data()); }

    bool add(std::size_t at, std::size_t size, kind type) {
        end_ = at + size;
        tree_.nodes.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size), 0, type, false});
        return true;
    }

    template <class Children>
    bool inside(std::string_view token, kind type, Children read_children) {
        const auto begin = offset(token), index = tree_.nodes.size();
        if (++depth_ > depth_max_)
            return because(begin, "nested too deeply");
        add(begin, 1, type);
        if (!read_children())
            return false;
        --depth_;
        // Between the last child and the bracket stands white space only.
        while (end_ < size_ && is_space(tree_.source[end_]))
            ++end_;
        if (end_ >= size_ || tree_.source[end_] != (type == kind::array ? ']' : '}'))
            return because(end_, words(simdjson::TAPE_ERROR));
        ++end_;
        auto& n = tree_.nodes[index];
        n.size = static_cast<std::uint32_t>(end_ - begin);
        n.link = static_cast<std::uint32_t>(tree_.nodes.size());
        return true;
    }

    tree& tree_;
    std::size_t size_;       // of the text
    std::size_t end_ = 0;    // of what was read last; where the error is
    std::string_view why_;
    int depth_ = 0, depth_max_;
};

bool build(tree& t, std::size_t size, builder& b) {
    ondemand::parser parser(size + simdjson::SIMDJSON_PADDING);
    ondemand::document doc;
    if (const auto code = parser.iterate(t.source.data(), size, t.source.size()).get(doc))
        return b.because(0, words(code));
    const auto token = std::string_view(t.source).substr(0, size).substr(std::min(size, t.source.find_first_not_of(" \t\r\n")));
    if (token.empty())
        return b.because(0, words(simdjson::EMPTY));
    return token[0] == '[' ? b.array(doc, token) : token[0] == '{' ? b.object(doc, token) : b.scalar(token);
}

}  // namespace
}  // namespace detail

result<document> parse(std::string_view text, const limits& l) {
    if (text.size() > std::min(l.bytes_max, detail::bytes_limit))
        return fail(errc::too_large, format("JSON text of {} bytes is over the limit of {}", text.size(), l.bytes_max));
    auto t = std::make_unique<detail::tree>();
    t->source.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    t->source.append(text).append(simdjson::SIMDJSON_PADDING, ' ');
    detail::builder b(*t, text.size(), l.depth_max);
    if (!detail::build(*t, text.size(), b))
        return std::unexpected<error>(b.failed());

    const auto& root = t->nodes.front();
    const auto end = std::size_t{root.begin} + root.size;
    if (const auto more = t->source.find_first_not_of(" \t\r\n", end); more < text.size())
        return fail(errc::invalid, format("invalid JSON at byte {}: something follows the value", more));
    return document(std::move(t));
}

std::string_view name(kind k) {
    switch (k) {
        case kind::null: return "null";
        case kind::boolean: return "a boolean";
        case kind::number: return "a number";
        case kind::string: return "a string";
        case kind::array: return "an array";
        case kind::object: return "an object";
    }
    UNREACHABLE();
}

document::document(std::unique_ptr<detail::tree> t) : tree_(std::move(t)) {}
document::document(document&&) noexcept = default;
document& document::operator=(document&&) noexcept = default;
document::~document() = default;
value document::root() const { return value(*tree_, 0); }

const detail::node& value::node() const { return tree_->nodes[index_]; }
kind value::type() const { return node().type; }
std::string_view value::raw() const { return tree_->raw(node()); }
std::uint32_t value::after() const {
    const auto& n = node();
    return n.type == kind::array || n.type == kind::object ? n.link : index_ + 1;
}

bool value::boolean() const {
    CHECK(is(kind::boolean));
    return raw() == "true";
}

std::string_view value::string() const {
    CHECK(is(kind::string));
    const auto& n = node();
    return n.escaped ? std::string_view(tree_->unescaped[n.link]) : raw().substr(1, n.size - 2);
}

namespace {
template <class T>
result<T> integer(const value& v) {
    if (!v.is(kind::number))
        return fail(errc::invalid, format("expected an integer, got {}", name(v.type())));
    return parse_decimal<T>(v.raw());
}
}  // namespace

result<std::int64_t> value::int64() const { return integer<std::int64_t>(*this); }
result<std::uint64_t> value::uint64() const { return integer<std::uint64_t>(*this); }

value::range<value::iterator> value::elements() const {
    CHECK(is(kind::array));
    return {value(*tree_, index_ + 1), value(*tree_, after())};
}

value::range<value::member_iterator> value::members() const {
    CHECK(is(kind::object));
    return {value(*tree_, index_ + 1), value(*tree_, after())};
}

std::size_t value::size() const {
    std::size_t count = 0;
    if (is(kind::array))
        for (auto [at, end] = elements(); !(at == end); ++at)
            ++count;
    else if (is(kind::object))
        for (auto [at, end] = members(); !(at == end); ++at)
            ++count;
    return count;
}

std::optional<value> value::find(std::string_view wanted) const {
    std::optional<value> found;
    if (is(kind::object))
        for (const auto& m : members())
            if (m.name == wanted)
                found = m.val;
    return found;
}

std::optional<value> value::find_fold(std::string_view wanted) const {
    std::optional<value> exact, folded;
    if (is(kind::object))
        for (const auto& m : members()) {
            if (m.name == wanted)
                exact = m.val;
            else if (equal_fold(m.name, wanted))
                folded = m.val;
        }
    return exact ? exact : folded;
}

}  // namespace tetrad::json
