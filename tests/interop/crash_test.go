// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"strings"
	"testing"

	"tetrad/tests/interop/harness"
)

// crashPoint is one durable step of the node, before or after which it kills itself: the count-th write, since its start, that
// changes a table of its store. It says so in TETRAD_CRASH_POINT.
type crashPoint struct {
	table, when string
	count       int
	step        string // what the write is
}

func (p crashPoint) String() string { return fmt.Sprintf("%s.%s:%d", p.table, p.when, p.count) }

// crashPoints are the steps in the order in which a node takes them; each start arms the next one. What a crash left undone is
// the first thing that the next start does.
func crashPoints() (points []crashPoint) {
	both := func(table string, count int, step string) {
		points = append(points, crashPoint{table, "before", count, step}, crashPoint{table, "after", count, step})
	}
	both("states", 1, "the genesis document")
	both("app", 1, "the application's InitChain")
	both("states", 1, "the state after InitChain")
	for count := 1; count <= 4; count++ {
		both("blocks", count, "a block, its state and its index")
		both("app", 1, "the application's Commit, of a block that is in the store alone")
		both("app", count+1, "the application's Commit")
	}
	both("index", 2, "a block with transactions")
	both("states", 7, "a block, later")
	both("app", 30, "the application's Commit, later")
	return points
}

// crashed: a node dies before and after each durable step of applying a block, and goes on at its next start; in the end its
// store, its index and its application hold what the chain does.
func crashed(t *testing.T, net *fixture) {
	if !env.TetradOnly(t, "to have named crash points") {
		return
	}
	net.WaitHeight(t, net.InitialHeight+shortHeights)
	node := net.NewFullNode(t, "crashed", harness.Options{Tested: true, App: "persistent_kvstore"})
	points := crashPoints()
	for _, point := range points {
		node.LaunchWith(t, []string{"TETRAD_CRASH_POINT=" + point.String()})
		if signal, err := node.Process().WaitSignal(stall); err != nil || signal != "killed" {
			t.Fatalf("%s, armed to die at %v (%s): %s %v\n%s", node.Name, point, point.step, signal, err,
				harness.Tail(node.LogPath, 30))
		}
		node.Kill() // it is dead: what its peers say of it from here on is explained
	}
	node.Start(t)
	last := node.WaitHeight(t, net.Height(), stall)
	last = node.WaitHeight(t, last+10, stall)
	harness.Say("  %s: dead at %d points, at height %d after the last start", node.Name, len(points), last)
	sameApplication(t, net, node)
	net.StopTraffic()
	net.CompareHeights(t, node, net.InitialHeight, last-1)
	sameIndex(t, net.Validators[0], node, net.InitialHeight, last-1, 1)
	sameKeys(t, net, node, last-1)
	node.Stop(t)
	net.CheckLogs(t)
}

// sameKeys asks both applications for the keys that the last blocks set.
func sameKeys(t *testing.T, net *fixture, node *harness.Node, to int64) {
	t.Helper()
	asked := 0
	for height := net.InitialHeight; height <= to; height++ {
		for _, tx := range txsAt(t, node, height) {
			key, _, pair := strings.Cut(string(tx), "=")
			if !pair || strings.HasPrefix(key, "val") {
				continue
			}
			params := harness.Params{"data": fmt.Sprintf("%X", key)}
			var want, got struct {
				Response struct {
					Value []byte `json:"value"`
				} `json:"response"`
			}
			net.Validators[0].Ask(t, &want, "abci_query", params)
			node.Ask(t, &got, "abci_query", params)
			if len(want.Response.Value) == 0 || string(want.Response.Value) != string(got.Response.Value) {
				t.Fatalf("height %d: key %q is %q at the validator and %q at %s", height, key, want.Response.Value,
					got.Response.Value, node.Name)
			}
			asked++
		}
	}
	if asked == 0 {
		t.Errorf("no key up to height %d: nothing was compared", to)
	}
}
