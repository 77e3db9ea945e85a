// SPDX-License-Identifier: Apache-2.0
// The group of edwards25519 for public data only: signatures, public keys and what is computed from
// them. Variable time, so never a secret. Private to this folder; it exists because libsodium's
// public functions take and give encoded points, and so cannot share doublings among the signatures
// of a batch (ed25519_batch.cpp). Everything is constexpr and free of state.
//
// A field element is five limbs of 51 bits, modulo p = 2^255 - 19. Three bounds, limb by limb, are
// kept:
//     tight   below 2^51 + 2^18: what multiplication, squaring, subtraction and decoding give
//     a sum of two tight elements: below 2^53 - 76, as subtraction takes on both sides
//     loose   below 2^54: what multiplication and squaring take
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace tetrad::crypto::edwards25519 {

using wide = unsigned __int128;

struct element {
    std::uint64_t v[5];
};

constexpr std::uint64_t limb_mask = (std::uint64_t{1} << 51) - 1;

constexpr element zero{{0, 0, 0, 0, 0}};
constexpr element one{{1, 0, 0, 0, 0}};
constexpr element d{
    {929955233495203, 466365720129213, 1662059464998953, 2033849074728123, 1442794654840575}};
constexpr element d2{
    {1859910466990425, 932731440258426, 1072319116312658, 1815898335770999, 633789495995903}};
constexpr element sqrt_minus_one{
    {1718705420411056, 234908883556509, 2233514472574048, 2117202627021982, 765476049583133}};

constexpr element operator+(const element& a, const element& b) {
    return {{a.v[0] + b.v[0], a.v[1] + b.v[1], a.v[2] + b.v[2], a.v[3] + b.v[3], a.v[4] + b.v[4]}};
}

// Limbs of any size to a tight element.
constexpr element carried(const element& a) {
    return {{(a.v[0] & limb_mask) + 19 * (a.v[4] >> 51), (a.v[1] & limb_mask) + (a.v[0] >> 51),
             (a.v[2] & limb_mask) + (a.v[1] >> 51), (a.v[3] & limb_mask) + (a.v[2] >> 51),
             (a.v[4] & limb_mask) + (a.v[3] >> 51)}};
}

constexpr element operator-(const element& a, const element& b) {
    constexpr std::uint64_t four_p0 = 4 * (limb_mask - 18), four_p = 4 * limb_mask;
    return carried({{a.v[0] + four_p0 - b.v[0], a.v[1] + four_p - b.v[1], a.v[2] + four_p - b.v[2],
                     a.v[3] + four_p - b.v[3], a.v[4] + four_p - b.v[4]}});
}

// Five sums below 2^115 to a tight element.
constexpr element reduced(wide c0, wide c1, wide c2, wide c3, wide c4) {
    c1 += static_cast<std::uint64_t>(c0 >> 51);
    c2 += static_cast<std::uint64_t>(c1 >> 51);
    c3 += static_cast<std::uint64_t>(c2 >> 51);
    c4 += static_cast<std::uint64_t>(c3 >> 51);
    const std::uint64_t r0 =
        (static_cast<std::uint64_t>(c0) & limb_mask) + 19 * static_cast<std::uint64_t>(c4 >> 51);
    return {{r0 & limb_mask, (static_cast<std::uint64_t>(c1) & limb_mask) + (r0 >> 51),
             static_cast<std::uint64_t>(c2) & limb_mask, static_cast<std::uint64_t>(c3) & limb_mask,
             static_cast<std::uint64_t>(c4) & limb_mask}};
}

constexpr element operator*(const element& a, const element& b) {
    const std::uint64_t b1 = 19 * b.v[1], b2 = 19 * b.v[2], b3 = 19 * b.v[3], b4 = 19 * b.v[4];
    auto m = [](std::uint64_t x, std::uint64_t y) { return static_cast<wide>(x) * y; };
    return reduced(
        m(a.v[0], b.v[0]) + m(a.v[4], b1) + m(a.v[3], b2) + m(a.v[2], b3) + m(a.v[1], b4),
        m(a.v[1], b.v[0]) + m(a.v[0], b.v[1]) + m(a.v[4], b2) + m(a.v[3], b3) + m(a.v[2], b4),
        m(a.v[2], b.v[0]) + m(a.v[1], b.v[1]) + m(a.v[0], b.v[2]) + m(a.v[4], b3) + m(a.v[3], b4),
        m(a.v[3], b.v[0]) + m(a.v[2], b.v[1]) + m(a.v[1], b.v[2]) + m(a.v[0], b.v[3]) +
            m(a.v[4], b4),
        m(a.v[4], b.v[0]) + m(a.v[3], b.v[1]) + m(a.v[2], b.v[2]) + m(a.v[1], b.v[3]) +
            m(a.v[0], b.v[4]));
}

constexpr element squared(const element& a) {
    const std::uint64_t t0 = 2 * a.v[0], t1 = 2 * a.v[1], t2 = 2 * a.v[2], n3 = 19 * a.v[3],
                        n4 = 19 * a.v[4];
    auto m = [](std::uint64_t x, std::uint64_t y) { return static_cast<wide>(x) * y; };
    return reduced(m(a.v[0], a.v[0]) + m(t1, n4) + m(t2, n3),
                   m(t0, a.v[1]) + m(t2, n4) + m(a.v[3], n3),
                   m(t0, a.v[2]) + m(a.v[1], a.v[1]) + m(2 * a.v[3], n4),
                   m(t0, a.v[3]) + m(t1, a.v[2]) + m(a.v[4], n4),
                   m(t0, a.v[4]) + m(t1, a.v[3]) + m(a.v[2], a.v[2]));
}

[[gnu::flatten]] constexpr element squared(element a, int times) {
    while (times-- > 0)
        a = squared(a);
    return a;
}

using encoding = std::array<std::uint8_t, 32>;

// The low 255 bits, also where they are not below p.
constexpr element element_of(const encoding& b) {
    std::uint64_t words[4] = {};
    for (int i = 0; i < 32; ++i)
        words[i / 8] |= std::uint64_t{b[i]} << (8 * (i % 8));
    return {{words[0] & limb_mask, (words[0] >> 51 | words[1] << 13) & limb_mask,
             (words[1] >> 38 | words[2] << 26) & limb_mask,
             (words[2] >> 25 | words[3] << 39) & limb_mask, words[3] >> 12 & limb_mask}};
}

// The one form below p.
constexpr encoding encoded(const element& any) {
    auto a = carried(carried(any));  // now below 2^255 + 2^8 in all
    // What a + 19 carries out of bit 255 says whether a is at or above p.
    std::uint64_t over = (a.v[0] + 19) >> 51;
    for (int i = 1; i < 5; ++i)
        over = (a.v[i] + over) >> 51;
    a.v[0] += 19 * over;
    for (int i = 0; i < 4; ++i) {
        a.v[i + 1] += a.v[i] >> 51;
        a.v[i] &= limb_mask;
    }
    a.v[4] &= limb_mask;
    const std::uint64_t words[4] = {a.v[0] | a.v[1] << 51, a.v[1] >> 13 | a.v[2] << 38,
                                    a.v[2] >> 26 | a.v[3] << 25, a.v[3] >> 39 | a.v[4] << 12};
    encoding out{};
    for (int i = 0; i < 32; ++i)
        out[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
    return out;
}

constexpr bool operator==(const element& a, const element& b) { return encoded(a) == encoded(b); }

// a^((p - 5) / 8) = a^(2^252 - 3).
[[gnu::flatten]] constexpr element power_for_root(const element& a) {
    const auto a2 = squared(a), a9 = squared(a2, 2) * a, a11 = a9 * a2;
    const auto ones5 = squared(a11) * a9;  // exponent 2^5 - 1, and so on
    const auto ones10 = squared(ones5, 5) * ones5;
    const auto ones20 = squared(ones10, 10) * ones10;
    const auto ones40 = squared(ones20, 20) * ones20;
    const auto ones50 = squared(ones40, 10) * ones10;
    const auto ones100 = squared(ones50, 50) * ones50;
    const auto ones200 = squared(ones100, 100) * ones100;
    const auto ones250 = squared(ones200, 50) * ones50;
    return squared(ones250, 2) * a;
}

// -x^2 + y^2 = 1 + d x^2 y^2, with x = X/Z, y = Y/Z, T = XY/Z.
struct point {
    element x, y, z, t;
};

// What an addition or doubling gives before its last four products: X = EF, Y = GH, Z = FG, T = EH.
// A doubling that follows does without T.
struct sum {
    element e, f, g, h;
};

// A point made ready to be added many times.
struct addend {
    element y_plus_x, y_minus_x, z2, t2d;
};

constexpr sum identity{zero, one, one, one};

[[gnu::flatten]] constexpr point finished(const sum& s) {
    return {s.e * s.f, s.g * s.h, s.f * s.g, s.e * s.h};
}

constexpr addend ready(const point& p) { return {p.y + p.x, p.y - p.x, p.z + p.z, p.t * d2}; }

constexpr point negated(const point& p) { return {zero - p.x, p.y, p.z, zero - p.t}; }

[[gnu::flatten]] constexpr sum operator+(const point& p, const addend& q) {
    const auto a = (p.y - p.x) * q.y_minus_x, b = (p.y + p.x) * q.y_plus_x, c = p.t * q.t2d,
               e = p.z * q.z2;
    return {b - a, e - c, e + c, b + a};
}

[[gnu::flatten]] constexpr sum operator-(const point& p, const addend& q) {
    const auto a = (p.y - p.x) * q.y_plus_x, b = (p.y + p.x) * q.y_minus_x, c = p.t * q.t2d,
               e = p.z * q.z2;
    return {b - a, e + c, e - c, b + a};
}

[[gnu::flatten]] constexpr sum doubled(const sum& s) {
    const auto x = s.e * s.f, y = s.g * s.h, z = s.f * s.g;
    const auto xx = squared(x), yy = squared(y), zz = squared(z), h = yy + xx, g = yy - xx;
    return {squared(x + y) - h, zz + zz - g, g, h};
}

// A point from its encoding as ZIP-215 reads it: y may be at or above p, and the sign of a zero x
// is not looked at. Nothing where no x belongs to that y.
constexpr std::optional<point> decoded(const encoding& b) {
    const auto y = element_of(b), yy = squared(y), u = yy - one, v = yy * d + one;
    // The root of u/v, if there is one, is u v^3 (u v^7)^((p-5)/8), maybe times the root of -1.
    const auto v3 = squared(v) * v;
    auto x = u * v3 * power_for_root(squared(v3) * v * u);
    const auto vxx = v * squared(x);
    if (!(vxx == u)) {
        if (!(vxx == zero - u))
            return std::nullopt;
        x = x * sqrt_minus_one;
    }
    if ((encoded(x)[0] & 1) != b[31] >> 7)
        x = zero - x;
    return point{x, y, one, x * y};
}

constexpr bool is_identity(const point& p) { return p.x == zero && p.y == p.z; }

// The generator, y = 4/5.
constexpr point base = *decoded([] {
    encoding b;
    b.fill(0x66);
    b[0] = 0x58;
    return b;
}());

}  // namespace tetrad::crypto::edwards25519
