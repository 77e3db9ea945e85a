// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"testing"

	"tetrad/tests/interop/harness"
)

// mixedHeights are decided by validators of both kinds while all four of them run.
const mixedHeights = 100

// mixed: validators of both kinds, or four of ours, decide a chain. While all run every block is decided in round 0 and each of them
// proposes; each kind is killed and comes back; a fresh CometBFT node gets the chain and follows it.
func mixed(t *testing.T, tested int) {
	net := &fixture{Network: env.NewNetwork(t, fmt.Sprintf("mixed%d", tested), harness.NetworkOptions{
		Validators: 4, Tested: tested, App: "persistent_kvstore",
		// On a machine this busy a round takes its time; what is asked is that nobody has to wait for its end.
		Settings: map[string]string{"consensus.timeout_propose": `"3s"`, "consensus.timeout_prevote": `"1s"`, "consensus.timeout_precommit": `"1s"`},
	})}
	net.Start(t)
	net.FeedLoad(5)
	t.Cleanup(net.StopTraffic)
	first := net.Height() + 5 // who comes a second later may cost the first heights a round
	last := net.WaitHeight(t, first+mixedHeights)
	proposers := map[string]int{}
	for height := first; height < last; height++ {
		var block struct {
			Block struct {
				Header struct {
					Proposer string `json:"proposer_address"`
				} `json:"header"`
			} `json:"block"`
		}
		var commit struct {
			SignedHeader struct {
				Commit struct {
					Round int `json:"round"`
				} `json:"commit"`
			} `json:"signed_header"`
		}
		net.Validators[0].Ask(t, &block, "block", harness.AtHeight(height))
		net.Validators[0].Ask(t, &commit, "commit", harness.AtHeight(height))
		proposers[block.Block.Header.Proposer]++
		if round := commit.SignedHeader.Commit.Round; round != 0 {
			t.Errorf("height %d was decided in round %d while all four run", height, round)
		}
	}
	harness.Say("  %s: %d heights, proposed %v", net.Name, last-first, proposers)
	if len(proposers) != 4 {
		t.Errorf("not everybody proposes: %v", proposers)
	}

	leaving := []*harness.Node{net.Validators[3]} // those under test are the last
	if tested < 4 {
		leaving = append(leaving, net.Validators[4-tested-1])
	}
	for _, leaves := range leaving {
		leaves.Kill()
		witness := net.Validators[0]
		if witness == leaves {
			witness = net.Validators[1]
		}
		witness.WaitHeight(t, witness.Height()+10, stall)
		leaves.Start(t)
		leaves.WaitHeight(t, witness.Height()+10, stall)
	}
	fresh := net.NewFullNode(t, "follower", harness.Options{})
	fresh.Start(t)
	fresh.WaitHeight(t, net.Height()+10, stall)
	net.StopTraffic()
	to := net.Height() - 3
	for _, node := range append(append([]*harness.Node{}, net.Validators[1:]...), fresh) {
		node.WaitHeight(t, to+1, stall)
		net.CompareHeights(t, node, net.InitialHeight, to)
	}
	net.CheckLogs(t)
	for _, v := range net.Validators {
		v.Stop(t)
	}
}
