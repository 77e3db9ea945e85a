// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	"tetrad/tests/interop/harness"
)

// What the node does when it is killed. The gaps in the chain get smaller from kill to kill.
var killPlan = []string{"starts", "syncs", "starts", "syncs", "syncs", "follows", "starts"}

// killed: a node is ended with kill -9 at moments that the seed chooses, while it starts, while it gets the chain and while
// it follows; each time it goes on, and in the end it has the same as everybody.
func killed(t *testing.T, net *fixture, app string) {
	random := env.Rand("kill-" + net.Name + app)
	goal := net.WaitHeight(t, net.InitialHeight+shortHeights)
	node := net.NewFullNode(t, "killed-"+app, harness.Options{Tested: true, App: app})

	seen := int64(0) // the highest block that a client was told of
	for i, doing := range killPlan {
		node.Launch(t)
		moment := killMoment(t, random, node, doing, seen, goal)
		seen = max(seen, node.Height())
		node.MustRun(t)
		node.Kill()
		harness.Say("  %s: kill %d %s, at height %d", node.Name, i+1, moment, seen)
		if env.TetradOnly(t, "to lose no block that a client was told of") {
			node.Start(t)
			if now := node.Height(); now < seen {
				t.Fatalf("%s (SEED=%d): had block %d before kill %d, has %d after it\n%s", node.Name, env.Seed, seen, i+1, now,
					harness.Tail(node.LogPath, 30))
			}
			node.Kill()
		}
	}
	node.Start(t)
	last := node.WaitHeight(t, net.Height(), stall)
	last = node.WaitHeight(t, last+10, stall)
	sameApplication(t, net, node)
	net.StopTraffic()
	net.CompareHeights(t, node, net.InitialHeight, last-1)
	// CometBFT's index is written beside the block, not with it, and a kill leaves holes in it.
	if env.TetradOnly(t, "to find each transaction in the index after kills") {
		sameIndex(t, net.Validators[0], node, net.InitialHeight, last-1, 7)
	}
	node.Stop(t)
	net.CheckLogs(t)
}

// killMoment waits for the moment of the next kill and says what it was.
func killMoment(t *testing.T, random *rand.Rand, node *harness.Node, doing string, seen, goal int64) string {
	t.Helper()
	jitter := time.Duration(random.Intn(60)) * time.Millisecond
	var target int64
	switch doing {
	case "starts": // in the handshake with the application, before or between the first blocks
		after := time.Duration(random.Intn([]int{300, 3000}[random.Intn(2)]))*time.Millisecond + jitter
		if env.StandIn {
			// LevelDB does not survive a kill while it is being made, and a CometBFT whose chain begins above height 1 does not
			// survive one between the first block and the first state.
			after += 1500 * time.Millisecond
		}
		select {
		case <-time.After(after):
		case <-node.Process().Done():
		}
		return fmt.Sprintf("%v after the start", after)
	case "syncs":
		target = seen + 1 + random.Int63n(max(goal-seen, 2)/2+1)
	case "follows":
		node.WaitHeight(t, goal, stall)
		target = node.Height() + 1 + random.Int63n(5)
	}
	node.WaitHeight(t, target, stall)
	time.Sleep(jitter)
	return fmt.Sprintf("%v after block %d", jitter, target)
}
