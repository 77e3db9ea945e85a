// SPDX-License-Identifier: Apache-2.0
// libsodium's start-up, in one place. sodium_init() picks the implementations for this processor
// (AVX2 and so on); calls before it still give right answers, from the slow reference code. It may
// be called from any thread and any number of times: the library runs it once, under its own lock.
// The functions of this folder call require_sodium(), whose function-local constant runs it before
// the first use, whoever that is, so there is no order of initialisation to get wrong and no call
// that a program, a test or a tool could forget; afterwards it costs one load and a predicted
// branch.
//
// Some builds of libsodium (--enable-minimal, 1.0.15 and older) lack the point and scalar functions
// that ed25519.cpp needs. A program that links has them: all are called directly, none is looked up
// at run time.
#pragma once

namespace tetrad::crypto {

/// Aborts where libsodium cannot start, which means that the kernel gives no random bytes.
bool start_sodium();

inline void require_sodium() { [[maybe_unused]] static const bool started = start_sodium(); }

}  // namespace tetrad::crypto
