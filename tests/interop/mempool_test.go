// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cometbft/cometbft/types"

	"tetrad/tests/interop/harness"
)

const txBytesMax = 1048576 // mempool.max_tx_bytes as shipped

// gossip: what is sent to the node under test reaches CometBFT validators, and a second node under test, and the other way.
// The chain goes on meanwhile.
func gossip(t *testing.T, net *fixture) {
	large := map[string]string{"rpc.max_body_bytes": "3000000"}
	first := net.NewFullNode(t, "mempool-first", harness.Options{Tested: true, Settings: large})
	first.Start(t)
	second := net.NewFullNode(t, "mempool-second", harness.Options{Tested: true, Peers: []*harness.Node{first}})
	second.Start(t)
	for _, node := range []*harness.Node{first, second} {
		node.WaitHeight(t, net.Height()-2, stall)
	}
	m := &mempoolTest{net: net, first: first, second: second}

	t.Run("sync", func(t *testing.T) { m.included(t, first, "broadcast_tx_sync", m.tx(20)) })
	t.Run("async", func(t *testing.T) { m.included(t, first, "broadcast_tx_async", m.tx(20)) })
	t.Run("largest", func(t *testing.T) { m.included(t, first, "broadcast_tx_sync", m.tx(txBytesMax)) })
	t.Run("through_the_second", func(t *testing.T) { m.included(t, second, "broadcast_tx_sync", m.tx(20)) })
	t.Run("commit", m.commit)
	t.Run("refused", m.refused)
	t.Run("many", m.many)
	t.Run("between_two", m.betweenTwo)
	for _, node := range []*harness.Node{first, second} {
		if !harness.Until(20*time.Second, func() bool { return node.Pending() == 0 }) {
			t.Errorf("%s keeps %d transactions that blocks hold", node.Name, node.Pending())
		}
		node.Stop(t)
	}
	net.CheckLogs(t)
}

type mempoolTest struct {
	net           *fixture
	first, second *harness.Node
	sent          int
}

// tx is a new transaction of a size.
func (m *mempoolTest) tx(size int) types.Tx {
	m.sent++
	head := fmt.Sprintf("mempool-%d=", m.sent)
	return types.Tx(head + strings.Repeat("x", max(1, size-len(head))))
}

func encoded(tx []byte) harness.Params {
	return harness.Params{"tx": base64.StdEncoding.EncodeToString(tx)}
}

type checked struct {
	Code int    `json:"code"`
	Hash string `json:"hash"`
}

// included sends a transaction to a node and waits until it is in a block, at a validator and at the node.
func (m *mempoolTest) included(t *testing.T, to *harness.Node, method string, tx types.Tx) {
	t.Helper()
	var answer checked
	to.Ask(t, &answer, method, encoded(tx))
	if want := fmt.Sprintf("%X", tx.Hash()); answer.Code != 0 || answer.Hash != want {
		t.Fatalf("%s: %s: code %d, hash %s, not 0 and %s", to.Name, method, answer.Code, answer.Hash, want)
	}
	m.found(t, m.net.Validators[0], tx)
	m.found(t, to, tx)
}

func (m *mempoolTest) found(t *testing.T, at *harness.Node, tx types.Tx) {
	t.Helper()
	var err error
	found := func() bool {
		_, err = at.Call("tx", harness.Params{"hash": base64.StdEncoding.EncodeToString(tx.Hash()), "prove": false})
		return err == nil
	}
	if !harness.Until(30*time.Second, found) {
		t.Fatalf("%s never has tx %X (%d bytes) in a block: %v; mempools: %s\n%s", at.Name, tx.Hash(), len(tx), err,
			m.pools(), harness.Tail(m.first.LogPath, 20))
	}
}

func (m *mempoolTest) pools() string {
	var all []string
	for _, node := range append([]*harness.Node{m.first, m.second}, m.net.Validators...) {
		all = append(all, fmt.Sprintf("%s %d", node.Name, node.Pending()))
	}
	return strings.Join(all, ", ")
}

// commit: broadcast_tx_commit answers with the block's result; the same transaction again is refused.
func (m *mempoolTest) commit(t *testing.T) {
	tx := m.tx(30)
	var answer struct {
		CheckTx  checked `json:"check_tx"`
		TxResult struct {
			Code   int   `json:"code"`
			Events []any `json:"events"`
		} `json:"tx_result"`
		Height int64 `json:"height,string"`
	}
	m.first.Ask(t, &answer, "broadcast_tx_commit", encoded(tx))
	if answer.CheckTx.Code != 0 || answer.TxResult.Code != 0 || len(answer.TxResult.Events) != 2 {
		t.Fatalf("broadcast_tx_commit: %+v", answer)
	}
	for _, hash := range txsOf(t, m.net.Validators[0], answer.Height) {
		if bytes.Equal(hash, tx.Hash()) {
			refusedWith(t, m.first, "broadcast_tx_sync", tx, "tx already exists in cache")
			refusedWith(t, m.first, "broadcast_tx_commit", tx, "error on broadcastTxCommit: tx already exists in cache")
			return
		}
	}
	t.Fatalf("tx %X is not in block %d as broadcast_tx_commit says", tx.Hash(), answer.Height)
}

func (m *mempoolTest) refused(t *testing.T) {
	refusedWith(t, m.first, "broadcast_tx_sync", m.tx(txBytesMax+1),
		fmt.Sprintf("Tx too large. Max size is %d, but got %d", txBytesMax, txBytesMax+1))
	for i := 0; i < 2; i++ { // what the application refuses is not remembered
		var answer checked
		m.first.Ask(t, &answer, "broadcast_tx_sync", encoded([]byte("no separator")))
		if answer.Code != 2 {
			t.Errorf("the application refuses with code 2, the answer says %d", answer.Code)
		}
	}
	var answer struct {
		CheckTx checked `json:"check_tx"`
		Height  string  `json:"height"`
	}
	m.first.Ask(t, &answer, "broadcast_tx_commit", encoded([]byte("no separator")))
	if answer.CheckTx.Code != 2 || answer.Height != "0" {
		t.Errorf("broadcast_tx_commit of what the application refuses: %+v", answer)
	}
}

func refusedWith(t *testing.T, node *harness.Node, method string, tx []byte, text string) {
	t.Helper()
	_, err := node.Call(method, encoded(tx))
	var failure *harness.RPCError
	if !errors.As(err, &failure) || failure.Code != -32603 || failure.Data != text {
		t.Errorf("%s: %s: %v, not -32603 %q", node.Name, method, err, text)
	}
}

// many: a burst arrives whole.
func (m *mempoolTest) many(t *testing.T) {
	var all []types.Tx
	for i := 0; i < 300; i++ {
		tx := m.tx(100)
		all = append(all, tx)
		m.first.Ask(t, nil, "broadcast_tx_async", encoded(tx))
	}
	for _, tx := range all {
		m.found(t, m.net.Validators[0], tx)
	}
}

// betweenTwo holds the validators for a moment, so that a transaction stays in the mempools where it can be seen.
func (m *mempoolTest) betweenTwo(t *testing.T) {
	m.net.StopTraffic() // of others, which never leave the mempools empty
	if !harness.Until(20*time.Second, func() bool { return m.first.Pending() == 0 && m.second.Pending() == 0 }) {
		t.Fatalf("the mempools do not come to rest: %s", m.pools())
	}
	signal := func(s syscall.Signal) {
		for _, v := range m.net.Validators {
			if err := v.Process().Signal(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	signal(syscall.SIGSTOP)
	defer signal(syscall.SIGCONT)
	toFirst, toSecond := m.tx(40), m.tx(40)
	m.first.Ask(t, nil, "broadcast_tx_sync", encoded(toFirst))
	m.second.Ask(t, nil, "broadcast_tx_sync", encoded(toSecond))
	m.pending(t, m.second, toFirst)
	m.pending(t, m.first, toSecond)
	signal(syscall.SIGCONT)
	for _, node := range []*harness.Node{m.net.Validators[0], m.first, m.second} {
		m.found(t, node, toFirst)
		m.found(t, node, toSecond)
	}
}

func (m *mempoolTest) pending(t *testing.T, node *harness.Node, tx types.Tx) {
	t.Helper()
	there := func() bool {
		var answer struct {
			Txs []types.Tx `json:"txs"`
		}
		node.Ask(t, &answer, "unconfirmed_txs", harness.Params{"limit": "100"})
		for _, other := range answer.Txs {
			if bytes.Equal(other, tx) {
				return true
			}
		}
		return false
	}
	if !harness.Until(20*time.Second, there) {
		t.Fatalf("%s does not get the transaction of the other\n%s", node.Name, harness.Tail(node.LogPath, 20))
	}
}
