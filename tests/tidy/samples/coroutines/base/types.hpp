// SPDX-License-Identifier: Apache-2.0
#pragma once
struct vote {
    int height = 0;
    bytes block;
};
struct waiter {
    bytes block;
    bool await_ready();
};
template <class T>
struct boxed {
    T value;
};
class height_t {
public:
    explicit height_t(int);
    bytes raw;
};
