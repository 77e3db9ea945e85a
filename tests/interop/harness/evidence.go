// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"context"
	"time"

	"github.com/cometbft/cometbft/crypto"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/rpc/client/http"
	"github.com/cometbft/cometbft/types"
)

// Conflict is two votes of a validator for one step: of a set, at a time, for two blocks that nobody made.
func (net *Network) Conflict(index int, set *types.ValidatorSet, kind cmtproto.SignedMsgType, height int64, at time.Time) ([2]*types.Vote, error) {
	signer := types.NewMockPVWithParams(net.Keys[index], false, false)
	address := net.Keys[index].PubKey().Address()
	position, _ := set.GetByAddress(address)
	var votes [2]*types.Vote
	for i := range votes {
		vote := &types.Vote{
			Type: kind, Height: height, Timestamp: at, ValidatorAddress: address, ValidatorIndex: position,
			BlockID: types.BlockID{
				Hash:          crypto.CRandBytes(32),
				PartSetHeader: types.PartSetHeader{Total: 1, Hash: crypto.CRandBytes(32)},
			},
		}
		encoded := vote.ToProto()
		if err := signer.SignVote(net.ChainID, encoded); err != nil {
			return votes, err
		}
		vote.Signature = encoded.Signature
		votes[i] = vote
	}
	return votes, nil
}

// SetAt is the validators of a height, as the first validator tells them.
func (net *Network) SetAt(height int64) (*types.ValidatorSet, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rpc, err := http.New(net.Validators[0].URL(), "/websocket")
	if err != nil {
		return nil, err
	}
	page, size := 1, 100
	set, err := rpc.Validators(ctx, &height, &page, &size)
	if err != nil {
		return nil, err
	}
	return types.NewValidatorSet(set.Validators), nil
}

// DoubleVote is true evidence: a validator precommitted two blocks at a height of the chain.
func (net *Network) DoubleVote(index int, height int64) (*types.DuplicateVoteEvidence, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rpc, err := http.New(net.Validators[0].URL(), "/websocket")
	if err != nil {
		return nil, err
	}
	block, err := rpc.Block(ctx, &height)
	if err != nil {
		return nil, err
	}
	set, err := net.SetAt(height)
	if err != nil {
		return nil, err
	}
	votes, err := net.Conflict(index, set, cmtproto.PrecommitType, height, block.Block.Time)
	if err != nil {
		return nil, err
	}
	return types.NewDuplicateVoteEvidence(votes[0], votes[1], block.Block.Time, set)
}

// Attack is a block of `height` that is not the chain's, signed by all validators in the round that decided: what `change` makes of the
// true header. The last height on which light client and chain agreed is `common`.
func (net *Network) Attack(common, height int64, change func(h *types.Header)) (*types.LightClientAttackEvidence, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rpc, err := http.New(net.Validators[0].URL(), "/websocket")
	if err != nil {
		return nil, err
	}
	trusted, err := rpc.Commit(ctx, &height)
	if err != nil {
		return nil, err
	}
	start, err := rpc.Commit(ctx, &common)
	if err != nil {
		return nil, err
	}
	set, err := net.SetAt(height)
	if err != nil {
		return nil, err
	}
	commonSet, err := net.SetAt(common)
	if err != nil {
		return nil, err
	}
	header := *trusted.Header
	change(&header)
	id := types.BlockID{Hash: header.Hash(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: crypto.CRandBytes(32)}}
	commit := &types.Commit{Height: height, Round: trusted.Commit.Round, BlockID: id}
	for position, v := range set.Validators {
		vote := &types.Vote{
			Type: cmtproto.PrecommitType, Height: height, Round: commit.Round, BlockID: id, Timestamp: header.Time,
			ValidatorAddress: v.Address, ValidatorIndex: int32(position),
		}
		for _, key := range net.Keys {
			if !bytes.Equal(key.PubKey().Address(), v.Address) {
				continue
			}
			encoded := vote.ToProto()
			if err := types.NewMockPVWithParams(key, false, false).SignVote(net.ChainID, encoded); err != nil {
				return nil, err
			}
			vote.Signature = encoded.Signature
		}
		commit.Signatures = append(commit.Signatures, vote.CommitSig())
	}
	attack := &types.LightClientAttackEvidence{
		ConflictingBlock: &types.LightBlock{SignedHeader: &types.SignedHeader{Header: &header, Commit: commit}, ValidatorSet: set},
		CommonHeight:     common, TotalVotingPower: commonSet.TotalVotingPower(), Timestamp: start.Header.Time,
	}
	attack.ByzantineValidators = attack.GetByzantineValidators(commonSet, &trusted.SignedHeader)
	return attack, nil
}

// Accuse tells the node of evidence with CometBFT's own client, and returns the hash that it answers.
func (n *Node) Accuse(evidence types.Evidence) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rpc, err := http.New(n.URL(), "/websocket")
	if err != nil {
		return nil, err
	}
	answer, err := rpc.BroadcastEvidence(ctx, evidence)
	if err != nil {
		return nil, err
	}
	return answer.Hash, nil
}
