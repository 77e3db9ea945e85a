// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"testing"
	"time"

	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"

	"tetrad/tests/interop/evil"
	"tetrad/tests/interop/harness"
)

// lie is a way not to give a block that was asked for.
type lie struct {
	name   string
	from   int64 // the first height, counted from the initial one, at which it lies; before it is honest
	boast  int64 // what it adds to the real height
	proven bool  // whoever says this has to go; otherwise it is enough to ask somebody else
	stays  bool  // it can be reached again after it was dropped, and lies again
	answer func(chain evil.Chain, height int64) []proto.Message
}

func altered(spoil func(block *types.Block)) func(evil.Chain, int64) []proto.Message {
	return func(chain evil.Chain, height int64) []proto.Message {
		block := evil.Copy(chain[height])
		spoil(block)
		return []proto.Message{response(block)}
	}
}

func response(block *types.Block) *bcproto.BlockResponse {
	encoded, err := block.ToProto()
	if err != nil {
		panic(err)
	}
	return &bcproto.BlockResponse{Block: encoded}
}

// rehash makes a block that is well formed but says something else.
func rehash(block *types.Block) {
	// Both remember a hash once it was asked for, so new ones are made.
	commit := &types.Commit{Height: block.LastCommit.Height, Round: block.LastCommit.Round, BlockID: block.LastCommit.BlockID,
		Signatures: block.LastCommit.Signatures}
	data := types.Data{Txs: block.Txs}
	block.LastCommitHash, block.DataHash = commit.Hash(), data.Hash()
}

var lies = []lie{
	{"another app hash", 10, 0, true, true, altered(func(b *types.Block) { b.AppHash = noise(8) })},
	{"another chain", 10, 0, true, false, altered(func(b *types.Block) { b.ChainID = "another" })},
	{"another proposer", 10, 0, true, false, altered(func(b *types.Block) { b.ProposerAddress = noise(20) })},
	{"a transaction more", 10, 0, true, false, altered(func(b *types.Block) { b.Txs = append(b.Txs, types.Tx("a=1")) })},
	{"a transaction more, and its hash", 10, 0, true, false, altered(func(b *types.Block) {
		b.Txs = append(b.Txs, types.Tx("a=1"))
		rehash(b)
	})},
	// The round of the last commit is in no hash of the header: only the parts of the first block tell. Later ones are
	// caught with their commit.
	{"another part of the first block", 0, 0, true, false, altered(func(b *types.Block) {
		if b.LastCommit.Size() == 0 {
			b.LastCommit = &types.Commit{Round: 5}
		}
	})},
	{"a signature with a bit changed", 10, 0, true, false, altered(func(b *types.Block) { spoilSignature(b) })},
	{"a signature with a bit changed, and its hash", 10, 0, true, false, altered(func(b *types.Block) {
		spoilSignature(b)
		rehash(b)
	})},
	{"too few signatures", 10, 0, true, false, altered(func(b *types.Block) {
		for i := range b.LastCommit.Signatures {
			if i > 0 {
				b.LastCommit.Signatures[i] = types.NewCommitSigAbsent()
			}
		}
		rehash(b)
	})},
	{"a commit of another round", 10, 0, true, false, altered(func(b *types.Block) { b.LastCommit.Round++ })},
	{"no commit", 10, 0, true, false, altered(func(b *types.Block) { b.LastCommit = nil })},
	{"a commit of 10001 signatures", 10, 0, true, false, altered(func(b *types.Block) {
		for len(b.LastCommit.Signatures) <= 10_000 {
			b.LastCommit.Signatures = append(b.LastCommit.Signatures, types.NewCommitSigAbsent())
		}
		rehash(b)
	})},
	{"the block of another height", 10, 0, true, false, func(chain evil.Chain, height int64) []proto.Message {
		return []proto.Message{response(chain[height-5])}
	}},
	{"a response without a block", 10, 0, true, false, func(evil.Chain, int64) []proto.Message {
		return []proto.Message{&bcproto.BlockResponse{}}
	}},
	{"an extended commit where there is none", 10, 0, true, false, func(chain evil.Chain, height int64) []proto.Message {
		message := response(chain[height])
		message.ExtCommit = chain[height+1].LastCommit.WrappedExtendedCommit().ToProto()
		return []proto.Message{message}
	}},
	{"each block twice", 10, 0, false, true, func(chain evil.Chain, height int64) []proto.Message {
		return []proto.Message{response(chain[height]), response(chain[height])}
	}},
	{"no block after all", 10, 0, false, true, func(_ evil.Chain, height int64) []proto.Message {
		return []proto.Message{&bcproto.NoBlockResponse{Height: height}}
	}},
	{"a million blocks more", 0, 1_000_000, false, true, func(chain evil.Chain, height int64) []proto.Message {
		if chain[height] == nil {
			return []proto.Message{&bcproto.NoBlockResponse{Height: height}}
		}
		return []proto.Message{response(chain[height])}
	}},
	{"nothing", 10, 0, false, true, func(evil.Chain, int64) []proto.Message { return nil }},
}

func spoilSignature(b *types.Block) {
	for i := range b.LastCommit.Signatures {
		if len(b.LastCommit.Signatures[i].Signature) > 0 {
			b.LastCommit.Signatures[i].Signature[7] ^= 1
			return
		}
	}
}

// lyingPeers: a fresh node under test meets a peer that serves it well for some blocks and then lies. It drops the peer, asks
// an honest one, and has the right chain in the end.
func lyingPeers(t *testing.T, net *fixture) {
	net.WaitHeight(t, net.InitialHeight+shortHeights)
	tip := net.Halt(t)
	chain, err := evil.FetchChain(net.Validators[0].URL(), net.InitialHeight, tip)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range lies {
		i, l := i, l
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			net.lyingPeer(t, fmt.Sprintf("lied-to-%d", i), l, chain, tip)
		})
	}
	t.Cleanup(func() { net.CheckLogs(t) })
}

func (f *fixture) lyingPeer(t *testing.T, name string, l lie, chain evil.Chain, tip int64) {
	answer := func(chain evil.Chain, height int64) ([]proto.Message, bool) {
		if height < f.InitialHeight+l.from || height+1 > tip && l.boast == 0 {
			return []proto.Message{response(chain[height])}, false
		}
		return l.answer(chain, height), true
	}
	liar, liarAddress, err := evil.NewLiar(harness.FreePort(), f.ChainID, chain,
		evil.Status{Base: f.InitialHeight, Height: tip + l.boast}, answer)
	if err != nil {
		t.Fatal(err)
	}
	defer liar.End()
	honest := f.Validators[0]
	gatePort := harness.FreePort()
	gate, err := evil.NewGate(gatePort, fmt.Sprintf("127.0.0.1:%d", honest.P2PPort))
	if err != nil {
		t.Fatal(err)
	}
	defer gate.Close()

	node := f.NewFullNode(t, name, harness.Options{Tested: true, App: "kvstore"})
	node.Set(t, map[string]string{
		"p2p.persistent_peers": fmt.Sprintf("%q", fmt.Sprintf("%s,%s@127.0.0.1:%d", liarAddress, honest.ID, gatePort)),
	})
	node.Start(t)
	defer node.KillQuietly()
	lied := func() bool { _, count, _, _ := liar.Counts(); return count > 0 }
	if !harness.Until(30*time.Second, lied) {
		asked, _, joined, _ := liar.Counts()
		t.Fatalf("the liar was asked %d times and never had to lie; the node came to it %d times\n%s", asked, joined,
			harness.Tail(node.LogPath, 20))
	}
	gone := func() bool { _, _, _, parted := liar.Counts(); return parted > 0 }
	if l.proven && !harness.Until(20*time.Second, gone) {
		t.Errorf("the liar still has its connection\n%s", harness.Tail(node.LogPath, 20))
	}
	if !l.stays {
		liar.End()
	}
	gate.Open()
	want := tip
	if l.boast > 0 {
		want = tip - 1 // who believes that there is more to come does not leave block sync
	}
	last := node.WaitHeight(t, want, 100*time.Second) // CometBFT may ban the honest one with the liar, for a minute
	f.CompareHeights(t, node, f.InitialHeight, min(last, tip)-1)
	node.Stop(t)
	asked, count, joined, parted := liar.Counts()
	harness.Say("  %s: asked %d times, lied %d times, joined %d times, dropped %d times", l.name, asked, count, joined, parted)
}
