// SPDX-License-Identifier: Apache-2.0
std::mutex tests_may;
