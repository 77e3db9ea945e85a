// SPDX-License-Identifier: Apache-2.0
void reads() {
    for (const auto& c : vectors::group("read"))
        check(c);
    const vectors::group one("read_with_another"), two("another");
    check_group<m::message>("read_by_a_helper");
    check(oracle("commit"));
}
