// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/cometbft/cometbft/types"

	"tetrad/tests/interop/harness"
)

// syncAndFollow: a node joins from genesis, gets hundreds of blocks, follows, and has the same at every height.
func syncAndFollow(t *testing.T, net *fixture) {
	first := net.InitialHeight
	reference := net.Validators[0]

	node := net.NewFullNode(t, "joins", harness.Options{Tested: true, App: appOf(net)})
	begin := time.Now()
	node.Start(t)
	node.WaitHeight(t, first+syncHeights-1, stall)
	harness.Say("  %s: %d blocks in %.1f s from the start", node.Name, syncHeights, time.Since(begin).Seconds())
	harness.Say("  %s: %v", net.Name, varied(t, net, first, first+syncHeights))
	net.FeedTraffic()
	follows := node.Height()
	last := node.WaitHeight(t, follows+followHeights, stall)

	tip := net.Height()
	sameApplication(t, net, node)
	net.StopTraffic()

	// A node of part one is one block behind, because a block's commit is in the next one.
	if env.TetradOnly(t, "to keep up with the tip") && tip-last > behind {
		t.Errorf("%s is at %d where the chain is at %d: it does not follow", node.Name, last, tip)
	}
	net.CompareHeights(t, node, first, last-1)
	sameIndex(t, reference, node, first, last-1, 7)
	net.CheckLogs(t)
	net.followed = node
}

// behind is how far the node may be behind the validators at the moment of a look at both: the block whose commit is not
// there yet, and what came while we asked.
const behind = 6

// varied demands that the chain holds what is to be compared.
func varied(t *testing.T, net *fixture, from, to int64) harness.Survey {
	t.Helper()
	survey := harness.SurveyChain(t, net.Validators[0], from, to)
	if survey.Txs < 500 || survey.MultiPart < 5 || survey.ValidatorSets < 8 || survey.Absent == 0 || survey.LaterRounds == 0 {
		t.Errorf("the chain is too plain: %v", survey)
	}
	if net.Name == "one" && survey.Secp256k1 == 0 || net.Name == "four" && survey.Evidence == 0 {
		t.Errorf("the chain is too plain: %v", survey)
	}
	return survey
}

// sameApplication compares the application's own hash with the one that the chain has for its height. The chain must go on
// meanwhile, for that hash is in the next block.
func sameApplication(t *testing.T, net *fixture, node *harness.Node) {
	t.Helper()
	reference := net.Validators[0]
	var info struct {
		Response struct {
			Height  int64  `json:"last_block_height,string"`
			AppHash []byte `json:"last_block_app_hash"`
			Version string `json:"version"`
		} `json:"response"`
	}
	node.Ask(t, &info, "abci_info", nil)
	reference.WaitHeight(t, info.Response.Height+1, stall)
	var next struct {
		Block struct {
			Header struct {
				AppHash string `json:"app_hash"`
			} `json:"header"`
		} `json:"block"`
	}
	reference.Ask(t, &next, "block", harness.AtHeight(info.Response.Height+1))
	if got := strings.ToUpper(hex.EncodeToString(info.Response.AppHash)); got != next.Block.Header.AppHash {
		t.Errorf("height %d: the application of %s has hash %s, the chain has %s", info.Response.Height, node.Name, got,
			next.Block.Header.AppHash)
	}
}

// sameIndex looks every transaction of each step-th height up by its hash.
func sameIndex(t *testing.T, reference, node *harness.Node, from, to, step int64) {
	t.Helper()
	looked := 0
	for height := from; height <= to; height += step {
		for _, hash := range txsOf(t, reference, height) {
			params := harness.Params{"hash": base64.StdEncoding.EncodeToString(hash), "prove": true}
			want, err := reference.Call("tx", params)
			if err != nil {
				t.Fatalf("height %d: %s: tx %X: %v", height, reference.Name, hash, err)
			}
			got, err := node.Call("tx", params)
			if err != nil {
				t.Fatalf("height %d: %s: tx %X: %v", height, node.Name, hash, err)
			}
			if string(got) != string(want) {
				t.Fatalf("height %d, tx %X: %s differs:\n%s", height, hash, node.Name, harness.Difference(want, got))
			}
			looked++
		}
	}
	if looked == 0 {
		t.Errorf("no transaction between heights %d and %d: nothing was compared", from, to)
	}
}

// txsOf returns the hashes of the transactions of a block.
func txsOf(t *testing.T, node *harness.Node, height int64) (hashes [][]byte) {
	t.Helper()
	for _, tx := range txsAt(t, node, height) {
		hashes = append(hashes, types.Tx(tx).Hash())
	}
	return hashes
}

// txsAt returns the transactions of a block.
func txsAt(t *testing.T, node *harness.Node, height int64) [][]byte {
	t.Helper()
	var block struct {
		Block struct {
			Data struct {
				Txs [][]byte `json:"txs"`
			} `json:"data"`
		} `json:"block"`
	}
	node.Ask(t, &block, "block", harness.AtHeight(height))
	return block.Block.Data.Txs
}
