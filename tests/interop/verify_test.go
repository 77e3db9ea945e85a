// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"context"
	"testing"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/light/provider"
	lighthttp "github.com/cometbft/cometbft/light/provider/http"
	lightdb "github.com/cometbft/cometbft/light/store/db"
	cmtstate "github.com/cometbft/cometbft/proto/tendermint/state"
	rpcclient "github.com/cometbft/cometbft/rpc/client/http"
	"github.com/cometbft/cometbft/statesync"
	"github.com/cometbft/cometbft/types"

	"tetrad/tests/interop/harness"
)

const (
	trustPeriod = 24 * time.Hour
	clockDrift  = 10 * time.Second
)

// verifyChain reads the chain from the node under test with CometBFT's own client and believes nothing: every hash is
// computed again, every commit is verified, and CometBFT's light client follows the chain through this node.
func verifyChain(t *testing.T, net *fixture) {
	node := net.follower(t)
	last := node.Height() - 1
	first := max(net.InitialHeight, last-150)
	rpc, err := rpcclient.New(node.URL(), "/websocket")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()

	var before *types.LightBlock
	var beforeResults []byte
	for height := first; height <= last; height++ {
		light := verifyHeight(ctx, t, rpc, net.ChainID, height)
		results, err := rpc.BlockResults(ctx, &height)
		if err != nil {
			t.Fatalf("height %d: block_results: %v", height, err)
		}
		if before != nil {
			verifyStep(t, before, light, beforeResults)
		}
		before, beforeResults = light, types.NewResults(results.TxsResults).Hash()
	}
	t.Run("light_client", func(t *testing.T) { lightClient(ctx, t, net, node, first, last) })
	t.Run("state_provider", func(t *testing.T) { stateProvider(ctx, t, net, node, first, last) })
	harness.Say("  %s: heights %d to %d decoded, hashed and verified", node.Name, first, last)
}

// verifyHeight: block, its id, its transactions' proofs, the validators and the commit of one height fit together.
func verifyHeight(ctx context.Context, t *testing.T, rpc *rpcclient.HTTP, chainID string, height int64) *types.LightBlock {
	t.Helper()
	block, err := rpc.Block(ctx, &height)
	if err != nil {
		t.Fatalf("height %d: block: %v", height, err)
	}
	// ValidateBasic computes last_commit_hash, data_hash and evidence_hash anew.
	if err := block.Block.ValidateBasic(); err != nil {
		t.Fatalf("height %d: %v", height, err)
	}
	if !bytes.Equal(block.Block.Hash(), block.BlockID.Hash) {
		t.Fatalf("height %d: the header hashes to %X, block_id says %X", height, block.Block.Hash(), block.BlockID.Hash)
	}
	parts, err := block.Block.MakePartSet(types.BlockPartSizeBytes)
	if err != nil {
		t.Fatal(err)
	}
	if !parts.Header().Equals(block.BlockID.PartSetHeader) {
		t.Fatalf("height %d: the block has parts %v, block_id says %v", height, parts.Header(), block.BlockID.PartSetHeader)
	}
	byHash, err := rpc.BlockByHash(ctx, block.BlockID.Hash)
	if err != nil || byHash.Block == nil || byHash.Block.Height != height {
		t.Fatalf("height %d: block_by_hash %X: %v", height, block.BlockID.Hash, err)
	}
	commit, err := rpc.Commit(ctx, &height)
	if err != nil {
		t.Fatalf("height %d: commit: %v", height, err)
	}
	page, size := 1, 100
	validators, err := rpc.Validators(ctx, &height, &page, &size)
	if err != nil {
		t.Fatalf("height %d: validators: %v", height, err)
	}
	set, err := types.ValidatorSetFromExistingValidators(validators.Validators)
	if err != nil {
		t.Fatalf("height %d: validators: %v", height, err)
	}
	found := &types.LightBlock{SignedHeader: &commit.SignedHeader, ValidatorSet: set}
	if err := found.ValidateBasic(chainID); err != nil { // validators_hash among others
		t.Fatalf("height %d: %v", height, err)
	}
	if err := set.VerifyCommit(chainID, block.BlockID, height, commit.Commit); err != nil {
		t.Fatalf("height %d: %v", height, err)
	}
	params, err := rpc.ConsensusParams(ctx, &height)
	if err != nil {
		t.Fatalf("height %d: consensus_params: %v", height, err)
	}
	if !bytes.Equal(params.ConsensusParams.Hash(), block.Block.ConsensusHash) {
		t.Fatalf("height %d: the parameters hash to %X, the header says %X", height, params.ConsensusParams.Hash(),
			block.Block.ConsensusHash)
	}
	if height%10 == 0 {
		for i, tx := range block.Block.Txs {
			found, err := rpc.Tx(ctx, tx.Hash(), true)
			if err != nil {
				t.Fatalf("height %d: tx %X: %v", height, tx.Hash(), err)
			}
			if found.Height != height || int(found.Index) != i || !bytes.Equal(found.Tx, tx) {
				t.Fatalf("tx %X is at height %d, index %d; the index says %d, %d", tx.Hash(), height, i, found.Height, found.Index)
			}
			if err := found.Proof.Validate(block.Block.DataHash); err != nil {
				t.Fatalf("height %d: proof of tx %X: %v", height, tx.Hash(), err)
			}
		}
	}
	return found
}

// verifyStep checks what one header says of the height before it.
func verifyStep(t *testing.T, before, now *types.LightBlock, results []byte) {
	t.Helper()
	if err := light.VerifyAdjacent(before.SignedHeader, now.SignedHeader, now.ValidatorSet, trustPeriod, time.Now(), clockDrift); err != nil {
		t.Fatalf("height %d: %v", now.Height, err)
	}
	if !bytes.Equal(results, now.LastResultsHash) {
		t.Fatalf("height %d: the results hash to %X, the next header says %X", before.Height, results, now.LastResultsHash)
	}
	if !now.LastBlockID.Equals(before.Commit.BlockID) {
		t.Fatalf("height %d: last_block_id %v, the commit before is for %v", now.Height, now.LastBlockID, before.Commit.BlockID)
	}
}

// lightClient follows the chain from `first` to `last` with the node as primary and a validator as witness, header by
// header and by skipping.
func lightClient(ctx context.Context, t *testing.T, net *fixture, node *harness.Node, first, last int64) {
	for name, mode := range map[string]light.Option{
		"sequential": light.SequentialVerification(),
		"skipping":   light.SkippingVerification(light.DefaultTrustLevel),
	} {
		primary := newProvider(t, net.ChainID, node)
		client := newLightClient(ctx, t, net, primary, first, mode)
		target, err := client.VerifyLightBlockAtHeight(ctx, last, time.Now())
		if err != nil {
			t.Fatalf("%s verification from %d to %d: %v", name, first, last, err)
		}
		if _, err := client.VerifyLightBlockAtHeight(ctx, (first+last)/2, time.Now()); err != nil {
			t.Fatalf("%s verification back to %d: %v", name, (first+last)/2, err)
		}
		if _, err := client.Update(ctx, time.Now()); err != nil {
			t.Fatalf("%s verification of the latest: %v", name, err)
		}
		// A primary that does not answer as it should is replaced in silence.
		if client.Primary() != primary || len(client.Witnesses()) != 1 {
			t.Fatalf("%s verification: the light client no longer wants this node as its primary", name)
		}
		if err := light.VerifyNonAdjacent(trusted(ctx, t, primary, first).SignedHeader,
			trusted(ctx, t, primary, first).ValidatorSet, target.SignedHeader, target.ValidatorSet, trustPeriod, time.Now(),
			clockDrift, light.DefaultTrustLevel); err != nil && last-first < 30 {
			t.Fatalf("from %d to %d in one step: %v", first, last, err)
		}
	}
	// What the provider makes of an error is part of the protocol of light clients.
	primary := newProvider(t, net.ChainID, node)
	if _, err := primary.LightBlock(ctx, last+1_000_000); err != provider.ErrHeightTooHigh {
		t.Errorf("a height that is too high: %v, not %v", err, provider.ErrHeightTooHigh)
	}
}

func newProvider(t *testing.T, chainID string, node *harness.Node) provider.Provider {
	t.Helper()
	made, err := lighthttp.New(chainID, node.URL())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func trusted(ctx context.Context, t *testing.T, from provider.Provider, height int64) *types.LightBlock {
	t.Helper()
	block, err := from.LightBlock(ctx, height)
	if err != nil {
		t.Fatalf("light block %d: %v", height, err)
	}
	return block
}

func newLightClient(ctx context.Context, t *testing.T, net *fixture, primary provider.Provider, from int64, mode light.Option) *light.Client {
	t.Helper()
	// The node cannot forge what is trusted: that comes from a validator.
	witness := newProvider(t, net.ChainID, net.Validators[0])
	options := light.TrustOptions{Period: trustPeriod, Height: from, Hash: trusted(ctx, t, witness, from).Hash()}
	client, err := light.NewClient(ctx, net.ChainID, options, primary, []provider.Provider{witness},
		lightdb.New(dbm.NewMemDB(), ""), mode, light.Logger(log.NewNopLogger()), light.MaxClockDrift(clockDrift))
	if err != nil {
		t.Fatalf("light client from %d: %v", from, err)
	}
	return client
}

// stateProvider makes the state of a height as state sync does for a new node, from this node's RPC.
func stateProvider(ctx context.Context, t *testing.T, net *fixture, node *harness.Node, first, last int64) {
	witness := newProvider(t, net.ChainID, net.Validators[0])
	options := light.TrustOptions{Period: trustPeriod, Height: first, Hash: trusted(ctx, t, witness, first).Hash()}
	states, err := statesync.NewLightClientStateProvider(ctx, net.ChainID, cmtstate.Version{}, net.InitialHeight,
		[]string{node.URL(), net.Validators[0].URL()}, options, log.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	height := last - 3
	state, err := states.State(ctx, uint64(height))
	if err != nil {
		t.Fatalf("state of height %d: %v", height, err)
	}
	hash, err := states.AppHash(ctx, uint64(height))
	if err != nil || !bytes.Equal(hash, state.AppHash) || state.LastBlockHeight != height {
		t.Fatalf("state of height %d: height %d, app hash %X and %X: %v", height, state.LastBlockHeight, hash, state.AppHash, err)
	}
}
