// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tetrad/tests/interop/harness"
)

// cosmJS runs the client of wallets against the node. The chain goes on meanwhile, or nothing would get into a block.
func cosmJS(t *testing.T, net *fixture) {
	if reason := os.Getenv("NODE_MISSING"); reason != "" {
		harness.Say("skipped: cosmjs: %s", reason)
		t.Skip(reason)
	}
	folder := os.Getenv("COSMJS")
	if folder == "" {
		t.Fatal("COSMJS is not set: it is the folder where the client's packages are installed")
	}
	node := net.follower(t)
	out, errs, code, err := harness.Run(90*time.Second, nil, "node", filepath.Join(folder, "client.mjs"), node.URL(), net.ChainID)
	if err != nil || code != 0 {
		t.Fatalf("exit code %d (%v)\n%s%s%s", code, err, out, errs, harness.Tail(node.LogPath, 20))
	}
	harness.Say("  %s", out)
	net.CheckLogs(t)
}
