// SPDX-License-Identifier: Apache-2.0
// As MISSING.md 4.2 says; base/README.md exists.
