"""Says it later."""
# SPDX-License-Identifier: Apache-2.0
