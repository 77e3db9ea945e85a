// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

template <class T = int>
struct plain {
    T value;
    bool operator==(const plain&) const = default;
};
class made {
public:
    explicit made(int n) : n_{n}, twice_{2 * n} {}
    void run() const;

private:
    int n_;
    int twice_;
};
enum class colour : std::uint8_t { red = 1, green };
