// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/rpc/client/http"
	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"

	"tetrad/tests/interop/evil"
	"tetrad/tests/interop/harness"
)

const (
	channelVotes    = 0x22
	channelEvidence = 0x38
)

// accused: two validators of CometBFT and one of ours decide a chain; the fourth is down, and the test votes in its name. What one of the
// nodes learns of that is in a block soon, once, whoever of them proposes it.
func accused(t *testing.T) {
	net := &fixture{Network: env.NewNetwork(t, "evidence", harness.NetworkOptions{
		Validators: 4, Tested: 1, App: "persistent_kvstore",
		Settings: map[string]string{"consensus.timeout_commit": `"400ms"`},
	})}
	a := &trial{fixture: net, theirs: net.Validators[0], ours: net.Validators[3], liar: 2, given: map[int64]*harness.Node{}}
	net.Start(t)
	net.FeedLoad(2)
	t.Cleanup(net.StopTraffic)
	net.WaitHeight(t, 6)
	net.Validators[a.liar].Stop(t)

	a.votes(t, a.ours)
	a.votes(t, a.theirs)
	// Until one of each kind has proposed evidence that the others had from it or from gossip.
	kinds := map[bool]bool{}
	for times := 0; times < 24 && len(kinds) < 2; times++ {
		node := []*harness.Node{a.ours, a.theirs}[times%2]
		kinds[a.told(t, node)] = true
	}
	if len(kinds) < 2 {
		t.Errorf("evidence was proposed by one kind of node only: by ours is %v", kinds)
	}
	a.untrue(t)
	a.attacks(t)

	net.StopTraffic()
	to := net.Height() - 2
	for _, node := range []*harness.Node{net.Validators[1], a.ours} {
		node.WaitHeight(t, to+1, stall)
		net.CompareHeights(t, node, net.InitialHeight, to)
	}
	harness.CheckLogs(t, net.Validators[1:2]) // the test is no peer of this one
	for i, v := range net.Validators {
		if i != a.liar {
			v.Stop(t)
		}
	}
}

type trial struct {
	*fixture
	theirs, ours *harness.Node
	liar         int
	seen         int64                   // the chain was read so far
	given        map[int64]*harness.Node // who saw votes of these heights that conflict; their evidence was in no block yet
}

// witness is who made the evidence of two votes that it saw, or nobody. It comes once, if at all.
func (a *trial) witness(e types.Evidence) *harness.Node {
	double, is := e.(*types.DuplicateVoteEvidence)
	if !is || !bytes.Equal(double.VoteA.ValidatorAddress, a.Keys[a.liar].PubKey().Address()) {
		return nil
	}
	node := a.given[double.VoteA.Height]
	delete(a.given, double.VoteA.Height)
	return node
}

// found are the pieces of evidence in the blocks since the last time, and who proposed the last of them.
func (a *trial) found(t *testing.T) (all []types.Evidence, proposer []byte) {
	t.Helper()
	rpc, err := http.New(a.theirs.URL(), "/websocket")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for tip := a.Height(); a.seen < tip; a.seen++ {
		height := a.seen + 1
		answer, err := rpc.Block(ctx, &height)
		if err != nil {
			t.Fatalf("block %d: %v", height, err)
		}
		if list := answer.Block.Evidence.Evidence; len(list) > 0 {
			all = append(all, list...)
			proposer = answer.Block.ProposerAddress
		}
	}
	return all, proposer
}

// await the evidence; it comes once, and nothing else comes.
func (a *trial) await(t *testing.T, is func(types.Evidence) bool) (byOurs bool) {
	t.Helper()
	begin := a.Height()
	var all []types.Evidence
	var proposer []byte
	if !harness.Until(30*time.Second, func() bool {
		more, by := a.found(t)
		for _, e := range more {
			if is(e) || a.witness(e) == nil {
				all, proposer = append(all, e), by
			}
		}
		return len(all) > 0
	}) {
		t.Fatalf("no evidence is in a block; heights %d to %d\n%s", begin, a.Height(), harness.Tail(a.ours.LogPath, 20))
	}
	if len(all) != 1 || !is(all[0]) {
		t.Fatalf("other evidence than was told is in a block: %v", all)
	}
	return bytes.Equal(proposer, a.Keys[3].PubKey().Address())
}

// votes: one node hears of two votes for the height that it is at, from a peer.
func (a *trial) votes(t *testing.T, node *harness.Node) {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", node.P2PPort), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	peer, err := evil.Join(conn, a.ChainID)
	if err != nil {
		t.Fatal(err)
	}
	go func() { evil.ClosedWithin(conn, time.Minute) }() // reads what comes
	for times := 0; times < 20; times++ {
		height := node.Height() + 1
		set, err := a.SetAt(height)
		if err != nil {
			t.Fatal(err)
		}
		votes, err := a.Conflict(a.liar, set, cmtproto.PrevoteType, height, time.Now().UTC())
		if err != nil {
			t.Fatal(err)
		}
		a.given[height] = node
		for _, vote := range votes {
			encoded, err := proto.Marshal(&cmtcons.Message{Sum: &cmtcons.Message_Vote{Vote: &cmtcons.Vote{Vote: vote.ToProto()}}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := peer.Write(evil.Message(channelVotes, encoded)); err != nil {
				t.Fatalf("%s: %v", node.Name, err)
			}
		}
		// Until each of them has proposed: two pieces that are told of one validator in one block end CometBFT's kvstore.
		node.WaitHeight(t, height+7, stall)
		all, proposer := a.found(t)
		made := false // otherwise it was at the next height by then
		for _, e := range all {
			witness := a.witness(e)
			if witness == nil {
				t.Fatalf("other evidence than was given is in a block: %v", all)
			}
			made = made || witness == node
		}
		if made {
			harness.Say("  votes that %s saw are in a block of %X", node.Name, proposer[:4])
			return
		}
	}
	t.Errorf("%s makes no evidence of two votes that it saw\n%s", node.Name, harness.Tail(node.LogPath, 20))
}

// told: one node is told by RPC.
func (a *trial) told(t *testing.T, node *harness.Node) (byOurs bool) {
	evidence, err := a.DoubleVote(a.liar, a.Height()-2)
	if err != nil {
		t.Fatal(err)
	}
	return a.toldOf(t, node, evidence)
}

func (a *trial) toldOf(t *testing.T, node *harness.Node, evidence types.Evidence) (byOurs bool) {
	a.found(t)
	hash, err := node.Accuse(evidence)
	if err != nil || !bytes.Equal(hash, evidence.Hash()) {
		t.Fatalf("%s: told of evidence %X: %X %v", node.Name, evidence.Hash(), hash, err)
	}
	byOurs = a.await(t, func(e types.Evidence) bool { return bytes.Equal(e.Hash(), evidence.Hash()) })
	if _, err := node.Accuse(evidence); err != nil {
		t.Errorf("%s: evidence that is in a block already: %v", node.Name, err)
	}
	return byOurs
}

// attacks on light clients, of both kinds that can be proven, told to both kinds of node; and mistakes in them.
func (a *trial) attacks(t *testing.T) {
	lunatic := func(h *types.Header) { h.AppHash = []byte("another state") }
	sibling := func(h *types.Header) { h.DataHash = bytes.Repeat([]byte{7}, 32) }
	attack := func(back int64, change func(h *types.Header)) *types.LightClientAttackEvidence {
		height := a.Height() - 3
		evidence, err := a.Attack(height-back, height, change)
		if err != nil {
			t.Fatal(err)
		}
		return evidence
	}
	spoil := map[string]func(e *types.LightClientAttackEvidence){
		"who is to blame": func(e *types.LightClientAttackEvidence) { e.ByzantineValidators = e.ByzantineValidators[1:] },
		"the order":       func(e *types.LightClientAttackEvidence) { v := e.ByzantineValidators; v[0], v[1] = v[1], v[0] },
		"the total power": func(e *types.LightClientAttackEvidence) { e.TotalVotingPower++ },
		"the time":        func(e *types.LightClientAttackEvidence) { e.Timestamp = e.Timestamp.Add(1) },
		"a signature": func(e *types.LightClientAttackEvidence) {
			s := e.ConflictingBlock.Commit.Signatures
			s[1].Signature = s[0].Signature
		},
	}
	for what, change := range spoil {
		evidence := attack(2, lunatic)
		change(evidence)
		_, theirs := a.theirs.Accuse(evidence)
		_, ours := a.ours.Accuse(evidence)
		if theirs == nil || ours == nil || why(theirs) != why(ours) {
			t.Errorf("an attack with a mistake in %s:\n  theirs %v\n  ours   %v", what, theirs, ours)
		}
	}
	for _, node := range []*harness.Node{a.ours, a.theirs} {
		a.toldOf(t, node, attack(2, lunatic))
		a.toldOf(t, node, attack(0, sibling))
	}
}

// why it was refused, without the evidence itself, of which CometBFT prints pages, and without the signature, which it prints in two ways.
func why(err error) string {
	text, _, _ := strings.Cut(err.Error(), ". Evidence: ")
	text, _, _ = strings.Cut(text, "wrong signature (#1)")
	return text
}

// untrue evidence: both answer the same, and a peer that brings it is dropped.
func (a *trial) untrue(t *testing.T) {
	spoil := map[string]func(e *types.DuplicateVoteEvidence){
		"a signature":       func(e *types.DuplicateVoteEvidence) { e.VoteB.Signature = e.VoteA.Signature },
		"a power":           func(e *types.DuplicateVoteEvidence) { e.ValidatorPower++ },
		"the total power":   func(e *types.DuplicateVoteEvidence) { e.TotalVotingPower++ },
		"the time":          func(e *types.DuplicateVoteEvidence) { e.Timestamp = e.Timestamp.Add(time.Nanosecond) },
		"the round":         func(e *types.DuplicateVoteEvidence) { e.VoteB.Round = 7 },
		"the height":        func(e *types.DuplicateVoteEvidence) { e.VoteA.Height += 1000; e.VoteB.Height += 1000 },
		"the order":         func(e *types.DuplicateVoteEvidence) { e.VoteA, e.VoteB = e.VoteB, e.VoteA },
		"whose votes it is": func(e *types.DuplicateVoteEvidence) { e.VoteA.ValidatorAddress = bytes.Repeat([]byte{1}, 20) },
	}
	for what, change := range spoil {
		evidence, err := a.DoubleVote(a.liar, a.Height()-2)
		if err != nil {
			t.Fatal(err)
		}
		change(evidence)
		_, theirs := a.theirs.Accuse(evidence)
		_, ours := a.ours.Accuse(evidence)
		if theirs == nil || ours == nil || theirs.Error() != ours.Error() {
			t.Errorf("evidence with a mistake in %s:\n  theirs %v\n  ours   %v", what, theirs, ours)
		}
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", a.ours.P2PPort), 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		peer, err := evil.Join(conn, a.ChainID)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := types.EvidenceToProto(evidence)
		if err != nil {
			t.Fatal(err)
		}
		list, err := proto.Marshal(&cmtproto.EvidenceList{Evidence: []cmtproto.Evidence{*encoded}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := peer.Write(evil.Message(channelEvidence, list)); err == nil && !evil.ClosedWithin(conn, 10*time.Second) {
			t.Errorf("who brings evidence with a mistake in %s stays", what)
		}
		conn.Close()
	}
	if all, _ := a.found(t); len(all) > 0 {
		t.Errorf("untrue evidence is in a block: %v", all)
	}
}
