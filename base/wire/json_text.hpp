// SPDX-License-Identifier: Apache-2.0
// JSON as text. `document` owns a parsed text: a flat list of nodes in document order over an untouched copy of the source, so
// that any value can give its source byte for byte (a genesis' app_state) and numbers stay exact. `value` is a view into it
// that must not outlive it. `writer` appends to a string as Go's encoding/json writes, without allocating per value.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace tetrad::json {

enum class kind : std::uint8_t { null, boolean, number, string, array, object };
std::string_view name(kind);

struct limits {
    std::size_t bytes_max = 64u << 20;  // of the text; never more than 1 GiB. A node takes 16 bytes, at worst one a two bytes
    int depth_max = 128;             // of brackets in brackets; never more than 1000
};

namespace detail {
struct node {
    std::uint32_t begin;  // in the source
    std::uint32_t size;   // of the source text
    std::uint32_t link;   // container: the node after its last one; string with escapes: its index in `unescaped`
    kind type;
    bool escaped;
};
struct tree;
}  // namespace detail

class value {
public:
    class iterator;
    class member_iterator;
    struct member;
    template <class Iterator>
    struct range {
        Iterator first, last;
        Iterator begin() const { return first; }
        Iterator end() const { return last; }
    };

    kind type() const;
    bool is(kind k) const { return type() == k; }
    bool is_null() const { return is(kind::null); }

    /// The source text of this value, without white space around it.
    std::string_view raw() const;
    /// boolean only.
    bool boolean() const;
    /// string only: what it says, with its escapes undone (a lone surrogate is U+FFFD, as in Go).
    std::string_view string() const;
    /// number with a plain integer, within the type; otherwise an error that says so.
    result<std::int64_t> int64() const;
    result<std::uint64_t> uint64() const;

    /// Elements of an array, values of an object; 0 for the rest. Counts them: linear.
    std::size_t size() const;
    /// array only, in order.
    range<iterator> elements() const;
    /// object only, in document order, doubles included.
    range<member_iterator> members() const;
    /// object: the last member of exactly that name (Go: the last one wins); nothing for other kinds.
    std::optional<value> find(std::string_view name) const;
    /// As find; where there is none, the last whose name differs only in the case of ASCII letters (Go's struct fields).
    std::optional<value> find_fold(std::string_view name) const;

private:
    friend class document;
    friend class iterator;
    friend class member_iterator;
    value(const detail::tree& t, std::uint32_t index) : tree_(&t), index_(index) {}
    const detail::node& node() const;
    std::uint32_t after() const;  // the node that follows this value and all inside it

    const detail::tree* tree_;
    std::uint32_t index_;
};

class value::iterator {
public:
    iterator(value v) : at_(v) {}
    value operator*() const { return at_; }
    iterator& operator++() {
        at_.index_ = at_.after();
        return *this;
    }
    bool operator==(const iterator& o) const { return at_.index_ == o.at_.index_; }

private:
    value at_;
};

struct value::member {
    std::string_view name;
    value val;
};

class value::member_iterator {
public:
    member_iterator(value name) : name_(name) {}
    member operator*() const { return {name_.string(), value(*name_.tree_, name_.index_ + 1)}; }
    member_iterator& operator++() {
        name_.index_ = value(*name_.tree_, name_.index_ + 1).after();
        return *this;
    }
    bool operator==(const member_iterator& o) const { return name_.index_ == o.name_.index_; }

private:
    value name_;
};

/// A parsed text. Movable; values stay good while it lives.
class document {
public:
    document(document&&) noexcept;
    document& operator=(document&&) noexcept;
    ~document();
    value root() const;

private:
    friend result<document> parse(std::string_view, const limits&);
    explicit document(std::unique_ptr<detail::tree>);
    std::unique_ptr<detail::tree> tree_;
};

/// Parses all of the text. Every string and number in it has been checked when this returns.
result<document> parse(std::string_view, const limits& = {});

enum class layout : std::uint8_t { compact, indented };  // indented: as json.MarshalIndent with two spaces

class writer {
public:
    explicit writer(std::string& out, layout form = layout::compact) : out_(out), indented_(form == layout::indented) {}
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    /// The name of the next value of an object.
    void key(std::string_view name);

    void null() { literal("null"); }
    void boolean(bool b) { literal(b ? "true" : "false"); }
    void number(std::int64_t);
    void number(std::uint64_t);
    void number(std::int32_t n) { number(std::int64_t{n}); }
    void number(std::uint32_t n) { number(std::uint64_t{n}); }
    void floating(double);  // as encoding/json writes a float64
    /// A 64-bit integer in quotes, as CometBFT writes them.
    void quoted(std::int64_t);
    void quoted(std::uint64_t);
    void string(std::string_view);
    void hex(byte_view, bool upper = true);
    void base64(byte_view);
    /// Valid JSON text: laid out anew as Go does with a json.RawMessage (white space dropped or replaced, <, > and & escaped).
    void raw(std::string_view json);
    /// Valid JSON text, appended as it is.
    void verbatim(std::string_view json);

private:
    void open(char bracket);
    void close(char bracket);
    void element();  // what stands before a value: a comma and, where indented, a new line
    void new_line();
    void literal(std::string_view);
    void quote(std::string_view);

    std::string& out_;
    int depth_ = 0;
    bool indented_;
    bool fresh_ = true;   // nothing stands in the innermost bracket yet (or nothing at all)
    bool named_ = false;  // a key was written and waits for its value
};

}  // namespace tetrad::json
