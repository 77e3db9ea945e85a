// SPDX-License-Identifier: Apache-2.0
#pragma once
inline std::string shown_by_the_build();
