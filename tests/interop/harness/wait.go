// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"testing"
	"time"
)

// How often a state is asked for while waiting. Only RPC tells when a node has got somewhere, and it has no event for it.
const pollInterval = 20 * time.Millisecond

// Until polls a condition and says whether it came true in time.
func Until(limit time.Duration, condition func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(pollInterval) {
		if condition() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// WaitRPC waits until the node answers.
func (n *Node) WaitRPC(t testing.TB, limit time.Duration) {
	t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(pollInterval) {
		_, err := n.Status()
		if err == nil {
			return
		}
		n.MustRun(t)
		if time.Now().After(end) {
			t.Fatalf("%s: RPC does not answer after %v: %v\n%s", n.Name, limit, err, Tail(n.LogPath, 40))
		}
	}
}

// WaitHeight waits until the latest block is at least as high. Standing still for `stall` fails the test, and so does the
// end of the process.
func (n *Node) WaitHeight(t testing.TB, height int64, stall time.Duration) int64 {
	t.Helper()
	said, seen, moved := time.Now(), int64(-1), time.Now()
	for ; ; time.Sleep(pollInterval) {
		now := n.Height()
		if now >= height {
			return now
		}
		n.MustRun(t)
		if now > seen {
			seen, moved = now, time.Now()
		} else if time.Since(moved) > stall {
			t.Fatalf("%s stands at height %d for %v on its way to %d\n%s", n.Name, now, stall, height, Tail(n.LogPath, 40))
		}
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			Say("  %s: height %d of %d", n.Name, now, height)
		}
	}
}
