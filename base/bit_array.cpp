// SPDX-License-Identifier: Apache-2.0
#include "base/bit_array.hpp"

#include <algorithm>
#include <bit>

#include "base/text.hpp"

namespace tetrad {

namespace {
constexpr std::size_t words_for(std::size_t size) { return size / 64 + (size % 64 != 0); }
constexpr std::uint64_t bit(std::size_t index) { return std::uint64_t{1} << (index % 64); }

// Of a checked one the words are as many as its bits need; of another what both allow.
std::size_t usable_words(const bit_array& a) { return std::min(a.elems.size(), words_for(a.size())); }
}  // namespace

bit_array::bit_array(std::size_t size) : bits(static_cast<std::int64_t>(size)), elems(words_for(size)) {}

result<void> bit_array::check() const {
    const auto expected = words_for(size());
    if (bits < 0)
        return fail(errc::invalid, format("negative number of bits {}", bits));
    if (elems.size() != expected)
        return fail(errc::invalid, format("mismatch between specified number of bits {}, and number of elements {}, expected {} elements",
                                          bits, elems.size(), expected));
    return {};
}

std::uint64_t bit_array::word(std::size_t index) const {
    if (index >= usable_words(*this))
        return 0;
    const bool last = index + 1 == words_for(size());
    return last && size() % 64 != 0 ? elems[index] & (bit(size()) - 1) : elems[index];
}

bool bit_array::get(std::size_t index) const {
    return index < size() && (word(index / 64) & bit(index)) != 0;
}

bool bit_array::set(std::size_t index, bool value) {
    if (index >= size() || index / 64 >= elems.size())
        return false;
    if (value)
        elems[index / 64] |= bit(index);
    else
        elems[index / 64] &= ~bit(index);
    return true;
}

std::size_t bit_array::count() const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < usable_words(*this); ++i)
        total += static_cast<std::size_t>(std::popcount(word(i)));
    return total;
}

bool bit_array::is_empty() const { return count() == 0; }
bool bit_array::is_full() const { return count() == size(); }

std::optional<std::size_t> bit_array::next_set(std::size_t from) const {
    for (std::size_t i = from / 64; i < usable_words(*this); ++i) {
        auto w = word(i);
        if (i == from / 64)
            w &= ~(bit(from) - 1);
        if (w != 0)
            return i * 64 + static_cast<std::size_t>(std::countr_zero(w));
    }
    return std::nullopt;
}

std::optional<std::size_t> bit_array::pick(random_source& random) const {
    const auto set_bits = count();
    if (set_bits == 0)
        return std::nullopt;
    auto skip = random.below(set_bits);
    for (std::size_t i = 0;; ++i) {
        auto w = word(i);
        const auto here = static_cast<std::size_t>(std::popcount(w));
        if (skip >= here) {
            skip -= here;
            continue;
        }
        for (; skip > 0; --skip)
            w &= w - 1;
        return i * 64 + static_cast<std::size_t>(std::countr_zero(w));
    }
}

void bit_array::update(const bit_array& o) {
    std::copy_n(o.elems.begin(), std::min(elems.size(), o.elems.size()), elems.begin());
}

bit_array operator|(const bit_array& a, const bit_array& b) {
    bit_array out = a.size() >= b.size() ? a : b;
    const auto& other = a.size() >= b.size() ? b : a;
    for (std::size_t i = 0; i < std::min(out.elems.size(), other.elems.size()); ++i)
        out.elems[i] |= other.elems[i];
    return out;
}

bit_array operator&(const bit_array& a, const bit_array& b) {
    bit_array out = a.size() <= b.size() ? a : b;
    const auto& other = a.size() <= b.size() ? b : a;
    for (std::size_t i = 0; i < out.elems.size(); ++i)
        out.elems[i] &= i < other.elems.size() ? other.elems[i] : 0;
    return out;
}

bit_array operator-(const bit_array& a, const bit_array& b) {
    if (a.size() == 0 || b.size() == 0)
        return {};
    bit_array out = a;
    for (std::size_t i = 0; i < std::min(out.elems.size(), b.elems.size()); ++i)
        out.elems[i] &= ~b.elems[i];
    return out;
}

bit_array operator~(const bit_array& a) {
    bit_array out = a;
    for (std::size_t i = 0; i < out.elems.size(); ++i)
        out.elems[i] = ~out.elems[i];
    if (a.size() % 64 != 0 && !out.elems.empty() && out.elems.size() == words_for(a.size()))
        out.elems.back() &= bit(a.size()) - 1;
    return out;
}

std::string bits_text(const bit_array& a) {
    // One of a peer may claim any number of bits: those that have no words are not shown.
    const auto shown = std::min(a.size(), a.elems.size() * 64);
    std::string out(shown, '_');
    for (auto i = a.next_set(0); i; i = a.next_set(*i + 1))
        out[*i] = 'x';
    return out;
}

std::string to_string(const bit_array& a) {
    return a.size() == 0 ? "nil-BitArray" : format("BA{{{}:{}}}", a.bits, bits_text(a));
}

std::string to_string(const bit_array& a, std::int64_t part, std::int64_t total) {
    const auto fraction = total == 0 ? "NaN" : format("{:.2f}", static_cast<double>(part) / static_cast<double>(total));
    return format("{} {}/{} = {}", to_string(a), part, total, fraction);
}

void write_json(json::writer& w, const bit_array& a) {
    a.size() == 0 ? w.null() : w.string(bits_text(a));
}

result<void> read_json(const json::value& v, bit_array& to) {
    if (!v.is(json::kind::string) || v.raw().find_first_not_of("_x", 1) != v.raw().size() - 1)
        return fail(errc::invalid, format("a bit array is a string of x and _, got {}", v.raw()));
    const auto marks = v.string();
    to = bit_array(marks.size());
    for (std::size_t i = 0; i < marks.size(); ++i)
        if (marks[i] == 'x')
            to.set(i);
    return {};
}

}  // namespace tetrad
