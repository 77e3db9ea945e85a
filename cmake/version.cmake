# SPDX-License-Identifier: Apache-2.0
# The version that peers and clients see starts with the CometBFT release whose behaviour is implemented (clients choose
# their dialect by it); ours follows as build metadata.
set(TETRAD_COMETBFT_VERSION "0.38.25")
set(TETRAD_VERSION "0.1.0")
configure_file(${CMAKE_SOURCE_DIR}/daemon/version.hpp.in ${CMAKE_BINARY_DIR}/generated/daemon/version.hpp @ONLY)
