// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package interop judges a node by the programs and libraries of CometBFT itself.
//
// This file holds what is built but imported by no test: the program cometbft, so that go.mod and go.sum
// name all that it needs.
package interop

import _ "github.com/cometbft/cometbft/cmd/cometbft"
