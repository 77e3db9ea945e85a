// SPDX-License-Identifier: Apache-2.0
// steady_clock, throw and std::mutex may be spoken of: "random_device".
#include <map>
thread_local int state = 0;
void f() {
    std::thread([] {}).detach();
    auto now = std::chrono::steady_clock::now();
    auto then = time(nullptr);
    int dice = rand();
    std::random_device device;
    std::lock_guard guard(lock);
    std::this_thread::sleep_for(second);
    usleep(5);
    throw 1;
    const char* text = "thread_local rand() system_clock";
    randombytes_buf(key, 32);
    std::unordered_map<int, int> allowed_here;
}
