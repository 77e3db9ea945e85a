// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/protobuf_oracle.hpp"

#include <array>
#include <optional>

namespace tetrad::fuzz {

namespace {

struct token {
    std::uint32_t number = 0;
    std::uint32_t type = 0;
    std::uint64_t value = 0;   // varints and 64 bits
    std::string_view body;     // delimited
};

// Takes a message apart as gogoproto's generated readers do.
class tokenizer {
public:
    tokenizer(std::string_view in, bool& foreign) : rest_(in), foreign_(foreign) {}

    bool all(std::vector<token>& out) {
        while (!rest_.empty()) {
            token t;
            std::uint64_t key = 0;
            if (!varint(key, 5))
                return false;
            const auto number = static_cast<std::int32_t>(key >> 3);
            t.type = key & 7;
            t.number = static_cast<std::uint32_t>(number);
            foreign_ = foreign_ || key >> 32 != 0;
            if (number <= 0 || t.type == 4 || !content(t))
                return false;
            out.push_back(t);
        }
        return true;
    }

    /// Of at most ten bytes; protobuf allows `usual` of them here.
    bool varint(std::uint64_t& value, std::size_t usual) {
        value = 0;
        for (std::size_t i = 0; i < 10 && i < rest_.size(); ++i) {
            const auto b = static_cast<std::uint8_t>(rest_[i]);
            value |= static_cast<std::uint64_t>(b & 127) << (7 * i);
            if (b < 128) {
                rest_.remove_prefix(i + 1);
                foreign_ = foreign_ || i >= usual || (usual == 5 && i == 4 && b > 15);
                return true;
            }
        }
        return false;
    }
    bool empty() const { return rest_.empty(); }

private:
    bool content(token& t) {
        switch (t.type) {
            case 0: return varint(t.value, 10);
            case 1: return little(t.value, 8);
            case 5: return little(t.value, 4);
            case 2: return delimited(t.body);
            case 3: return group(t.number);
            default: return false;
        }
    }
    bool little(std::uint64_t& value, std::size_t count) {
        if (rest_.size() < count)
            return false;
        for (std::size_t i = count; i-- > 0;)
            value = value << 8 | static_cast<std::uint8_t>(rest_[i]);
        rest_.remove_prefix(count);
        return true;
    }
    bool delimited(std::string_view& body) {
        std::uint64_t size = 0;
        if (!varint(size, 5) || size > rest_.size())
            return false;
        body = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return true;
    }
    bool group(std::uint64_t opened) {
        std::vector<std::uint64_t> open{opened};
        while (!open.empty()) {
            token t;
            std::uint64_t key = 0;
            if (!varint(key, 5))
                return false;
            t.type = key & 7;
            foreign_ = foreign_ || key >> 3 == 0 || key >> 32 != 0 || open.size() > 50;
            if (t.type == 3) {
                open.push_back(key >> 3);
            } else if (t.type == 4) {
                foreign_ = foreign_ || open.back() != key >> 3;
                open.pop_back();
            } else if (!content(t)) {
                return false;
            }
        }
        return true;
    }

    std::string_view rest_;
    bool& foreign_;
};

void put_varint(std::string& out, std::uint64_t value) {
    for (; value >= 128; value >>= 7)
        out += static_cast<char>(value | 128);
    out += static_cast<char>(value);
}
void put_delimited(std::string& out, std::uint32_t number, std::string_view body) {
    put_varint(out, number << 3 | 2);
    put_varint(out, body.size());
    out += body;
}
void put_scalar(std::string& out, const field_shape& f, std::uint64_t value) {
    if (f.is == form::sfixed64) {
        put_varint(out, f.number << 3 | 1);
        for (int i = 0; i < 8; ++i)
            out += static_cast<char>(value >> (8 * i));
    } else {
        put_varint(out, f.number << 3);
        put_varint(out, value);
    }
}

struct moment {
    std::int64_t seconds = 0;
    std::int32_t nanos = 0;
};

// google.protobuf.Timestamp or Duration; nothing where it is malformed.
std::optional<moment> moment_of(std::string_view in, bool& foreign) {
    std::vector<token> tokens;
    if (!tokenizer(in, foreign).all(tokens))
        return {};
    moment m;
    for (const auto& t : tokens) {
        if (t.number > 2)
            continue;
        if (t.type != 0)
            return {};
        if (t.number == 1)
            m.seconds = static_cast<std::int64_t>(t.value);
        else
            m.nanos = static_cast<std::int32_t>(t.value);
    }
    return m;
}
bool in_range(const field_shape& f, moment m) {
    if (f.is == form::timestamp)
        return m.seconds >= -62135596800 && m.seconds < 253402300800 && m.nanos >= 0 && m.nanos < 1'000'000'000;
    if (m.nanos <= -1'000'000'000 || m.nanos >= 1'000'000'000 || (m.seconds < 0 && m.nanos > 0) || (m.seconds > 0 && m.nanos < 0))
        return false;
    // Go keeps a duration as nanoseconds in 64 bits.
    std::int64_t ns = 0;
    return !__builtin_mul_overflow(m.seconds, std::int64_t{1'000'000'000}, &ns) &&
           !__builtin_add_overflow(ns, std::int64_t{m.nanos}, &ns);
}
std::string translated_moment(moment m) {
    std::string out("\x08");
    put_varint(out, static_cast<std::uint64_t>(m.seconds));
    out += '\x10';
    put_varint(out, static_cast<std::uint64_t>(std::int64_t{m.nanos}));
    return out;
}

class judge_of {
public:
    judge_of(const shapes& all, judgement& verdict) : shapes_(all), verdict_(verdict) {}

    bool good(int shape, std::string_view in) {
        std::vector<token> tokens;
        if (!tokenizer(in, verdict_.foreign).all(tokens))
            return false;
        for (const auto& t : tokens)
            if (const auto* f = shapes_[shape].find(t.number); f && !good(*f, t))
                return false;
        return true;
    }

    // Of what is good only.
    std::string translate(int shape, std::string_view in) {
        std::vector<token> tokens;
        bool ignored = false;
        tokenizer(in, ignored).all(tokens);
        std::string out;
        for (const auto& f : shapes_[shape].fields) {
            std::vector<token> mine;
            for (const auto& t : tokens) {
                const auto* of = shapes_[shape].find(t.number);
                const bool replaces = of && f.one_of >= 0 && of->one_of == f.one_of;
                if (replaces && !mine.empty()) {  // read all the same, so its lists count
                    std::string dropped;
                    put(dropped, f, mine);
                    mine.clear();
                }
                if (of == &f)
                    mine.push_back(t);
            }
            put(out, f, mine);
        }
        return out;
    }

private:
    bool good(const field_shape& f, const token& t) {
        if (f.repeated && f.is_scalar())
            return good_numbers(f, t);
        if (f.is_scalar())
            return t.type == (f.is == form::sfixed64 ? 1 : 0);
        if (t.type != 2)
            return false;
        verdict_.cost += static_cast<std::int64_t>(f.element_size);
        if (f.is == form::message)
            return good(f.message, t.body);
        if (f.is_time()) {
            const auto m = moment_of(t.body, verdict_.foreign);
            return m && in_range(f, *m);
        }
        return t.body.size() >= f.size_min && t.body.size() <= f.size_max;
    }
    bool good_numbers(const field_shape& f, const token& t) {
        if (t.type == 0) {
            verdict_.cost += static_cast<std::int64_t>(f.element_size);
            return true;
        }
        bool ignored = false;
        std::uint64_t value = 0;
        tokenizer packed(t.body, ignored);
        while (t.type == 2 && !packed.empty()) {
            if (!packed.varint(value, 10))
                return false;
            verdict_.cost += static_cast<std::int64_t>(f.element_size);
        }
        return t.type == 2;
    }

    void put(std::string& out, const field_shape& f, const std::vector<token>& mine) {
        if (mine.empty())
            return;
        bool ignored = false;
        if (f.is == form::message && !f.repeated) {  // read one after another into one value, which is what joining them means
            std::string joined;
            for (const auto& t : mine)
                joined += t.body;
            put_delimited(out, f.number, translate(f.message, joined));
        } else if (f.is_time() && !f.repeated) {
            put_delimited(out, f.number, translated_moment(*moment_of(mine.back().body, ignored)));
        } else {
            std::size_t elements = 0;
            for (const auto& t : mine)
                elements += put_one(out, f, t);
            verdict_.long_list = verdict_.long_list || (f.repeated && elements > f.elements_max);
        }
    }
    /// How many elements it is, where the field is repeated.
    std::size_t put_one(std::string& out, const field_shape& f, const token& t) {
        bool ignored = false;
        if (f.is_scalar() && t.type == 2) {
            std::uint64_t value = 0;
            std::size_t elements = 0;
            for (tokenizer packed(t.body, ignored); !packed.empty() && packed.varint(value, 10); ++elements)
                put_scalar(out, f, value);
            return elements;
        } else if (f.is_scalar()) {
            put_scalar(out, f, t.value);
        } else if (f.is == form::message) {
            put_delimited(out, f.number, translate(f.message, t.body));
        } else if (f.is_time()) {
            put_delimited(out, f.number, translated_moment(*moment_of(t.body, ignored)));
        } else {
            put_delimited(out, f.number, t.body);
        }
        return 1;
    }

    const shapes& shapes_;
    judgement& verdict_;
};

}  // namespace

judgement judge(const shapes& all, int shape, std::string_view in) {
    judgement j;
    judge_of by(all, j);
    j.good = by.good(shape, in);
    if (j.good)
        j.translated = by.translate(shape, in);
    return j;
}

}  // namespace tetrad::fuzz
