// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"os"
	"strings"
	"testing"

	"tetrad/tests/interop/harness"
)

// serveAlone: a fresh CometBFT node that knows nobody but the node under test gets the chain from it by block sync.
func serveAlone(t *testing.T, net *fixture) {
	server, height := net.halted(t)
	fresh := net.NewFullNode(t, "fresh", harness.Options{App: "persistent_kvstore", Peers: []*harness.Node{server}})
	fresh.Start(t)
	fresh.WaitHeight(t, height-2, stall)
	left := func() bool {
		status, err := fresh.Status()
		return err == nil && !status.SyncInfo.CatchingUp
	}
	if !harness.Until(stall, left) {
		t.Fatalf("%s has height %d of %d and does not leave block sync\n%s", fresh.Name, fresh.Height(), height,
			harness.Tail(fresh.LogPath, 30))
	}
	log, err := os.ReadFile(fresh.LogPath)
	if err != nil || !strings.Contains(string(log), "Time to switch to consensus reactor!") {
		t.Errorf("%s did not leave block sync by itself (%v)", fresh.Name, err)
	}
	net.CompareHeights(t, fresh, net.InitialHeight, height-3)
	harness.Say("  %s: all to height %d of %d from %s alone", fresh.Name, fresh.Height(), height, server.Name)
	net.CheckLogs(t)
	fresh.Stop(t)
}

// relayed: a second node under test knows only the first, gets the chain from it and then each new block.
func relayed(t *testing.T, net *fixture) {
	server := net.follower(t)
	second := net.NewFullNode(t, "relayed", harness.Options{Tested: true, App: "kvstore", Peers: []*harness.Node{server}})
	second.Start(t)
	last := second.WaitHeight(t, server.Height()+20, stall)
	net.StopTraffic()
	net.CompareHeights(t, second, net.InitialHeight, last-1)
	second.Stop(t)
	net.CheckLogs(t)
}
