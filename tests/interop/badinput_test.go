// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"tetrad/tests/interop/evil"
	"tetrad/tests/interop/harness"
)

// badInput attacks one node under test, which follows a network meanwhile, at all of its doors. After each attack it
// answers, runs in the same process and within bounds; at the end it has missed nothing.
func badInput(t *testing.T, net *fixture) {
	net.WaitHeight(t, net.InitialHeight+shortHeights)
	tip := net.Halt(t)
	node := net.NewFullNode(t, "attacked", harness.Options{Tested: true})
	node.Start(t)
	node.WaitHeight(t, tip, stall)
	v := newVictim(t, net, node)
	t.Run("handshake", v.handshakes)
	t.Run("node_info", v.nodeInfos)
	t.Run("packets", v.packets)
	t.Run("messages", v.messages)
	t.Run("floods", v.floods)
	t.Run("http", v.http)
	t.Run("slow_http", v.slowHTTP)

	net.FeedTraffic()
	last := node.WaitHeight(t, tip+20, stall)
	net.StopTraffic()
	net.CompareHeights(t, node, max(net.InitialHeight, tip-20), last-1)
	harness.Say("  %s: %d attacks; memory %d MiB before, %d now, %d at most", node.Name, v.attacks, v.memory>>20, v.now>>20, v.most>>20)
	node.Stop(t)
	net.CheckLogs(t)
}

// What the attacks may cost. CometBFT's collector lets the heap double before it looks, and a message of the largest size
// may be half way in.
const memoryBound = 160 << 20

type victim struct {
	net           *fixture
	node          *harness.Node
	p2p, rpc      string // host:port
	pid           int
	memory        int64 // before
	now, most     int64
	files, peers  int
	attacks       int
	attacksByName map[string]bool
	mutex         sync.Mutex
}

func newVictim(t *testing.T, net *fixture, node *harness.Node) *victim {
	t.Helper()
	v := &victim{
		net: net, node: node, pid: node.PID(), attacksByName: map[string]bool{},
		p2p: fmt.Sprintf("127.0.0.1:%d", node.P2PPort), rpc: fmt.Sprintf("127.0.0.1:%d", node.RPCPort),
	}
	var err error
	// All of its own peers are to be there, or a later count would say nothing.
	v.peers = len(net.Validators)
	if !harness.Until(stall, func() bool { return v.countPeers(t) == v.peers }) {
		t.Fatalf("the node has %d of its %d persistent peers\n%s", v.countPeers(t), v.peers, harness.Tail(node.LogPath, 20))
	}
	if v.memory, _, err = harness.MemoryOf(v.pid); err != nil {
		t.Fatal(err)
	}
	if v.files, err = harness.OpenFiles(v.pid); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *victim) countPeers(t *testing.T) int {
	t.Helper()
	var answer struct {
		Peers []json.RawMessage `json:"peers"`
	}
	v.node.Ask(t, &answer, "net_info", nil)
	return len(answer.Peers)
}

// attacked counts an attack, and asks how the node is.
func (v *victim) attacked(t *testing.T, name string) {
	t.Helper()
	v.attacks++
	begin := time.Now()
	_, err := v.node.Status()
	if took := time.Since(begin); err != nil || took > 5*time.Second {
		t.Errorf("after %q: /status takes %v: %v\n%s", name, took, err, harness.Tail(v.node.LogPath, 20))
	}
	if !v.node.Running() || v.node.PID() != v.pid {
		t.Fatalf("after %q: the node has ended\n%s", name, harness.Tail(v.node.LogPath, 40))
	}
	if v.now, v.most, err = harness.MemoryOf(v.pid); err != nil || v.most > v.memory+memoryBound {
		t.Fatalf("after %q: memory %d MiB, at most %d, before all attacks %d (%v)", name, v.now>>20, v.most>>20, v.memory>>20, err)
	}
}

// calm waits until what the attacks opened is closed again.
func (v *victim) calm(t *testing.T) {
	t.Helper()
	var files, peers int
	calm := func() bool {
		files, _ = harness.OpenFiles(v.pid)
		peers = v.countPeers(t)
		return files <= v.files+8 && peers == v.peers
	}
	if !harness.Until(20*time.Second, calm) {
		t.Errorf("the node has %d files open and %d peers, before the attacks %d and %d", files, peers, v.files, v.peers)
	}
}

// closedIn is how long the node may take to close what is hopeless. CometBFT gives a handshake three seconds, twice.
const closedIn = 10 * time.Second

// block is a real one of the network.
func (v *victim) block(t *testing.T, height int64) *cmtproto.Block {
	t.Helper()
	chain, err := evil.FetchChain(v.net.Validators[0].URL(), height, height)
	if err != nil {
		t.Fatal(err)
	}
	block, err := chain[height].ToProto()
	if err != nil {
		t.Fatal(err)
	}
	return block
}
