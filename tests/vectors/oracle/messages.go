// SPDX-License-Identifier: Apache-2.0
package main

import (
	"fmt"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	cmtmath "github.com/cometbft/cometbft/libs/math"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"
)

// ---- votes and proposals ----

type signedCase struct {
	Kind      string `json:"kind"`
	Key       int    `json:"key"`
	ChainID   string `json:"chain_id"`
	Proto     string `json:"proto"`
	SignBytes string `json:"sign_bytes"`
	Extension string `json:"extension_sign_bytes,omitempty"`
	JSON      string `json:"json"`
	Basic     string `json:"validate_basic"`
}

func votes() []signedCase {
	var out []signedCase
	for i := 0; i < 24; i++ {
		k := random.Intn(24)
		id := chainID
		if i%5 == 0 {
			id = string(make([]byte, 0))
		} else if i%5 == 1 {
			id = "a chain id that is as long as it may be: 50 bytes."
		}
		if i%4 == 3 {
			p := types.NewProposal(random.Int63(), random.Int31(), random.Int31n(3)-1, randomBlockID())
			p.Timestamp = randomTime()
			pb := p.ToProto()
			p.Signature = must(key(k).Sign(types.ProposalSignBytes(id, pb)))
			out = append(out, signedCase{"proposal", k, id, proto(p.ToProto()), hexed(types.ProposalSignBytes(id, pb)), "",
				string(must(cmtjson.Marshal(p))), errorText(p.ValidateBasic())})
			continue
		}
		v := &types.Vote{Type: cmtproto.SignedMsgType(1 + random.Intn(2)), Height: random.Int63(), Round: random.Int31(),
			Timestamp: randomTime(), ValidatorAddress: key(k).PubKey().Address(), ValidatorIndex: random.Int31n(100)}
		if random.Intn(3) > 0 {
			v.BlockID = randomBlockID()
		}
		if i%6 == 0 {
			v.Extension = randomBytes(random.Intn(200))
		}
		pb := v.ToProto()
		v.Signature = must(key(k).Sign(types.VoteSignBytes(id, pb)))
		if i%6 == 0 {
			v.ExtensionSignature = must(key(k).Sign(types.VoteExtensionSignBytes(id, pb)))
		}
		out = append(out, signedCase{"vote", k, id, proto(v.ToProto()), hexed(types.VoteSignBytes(id, pb)),
			hexed(types.VoteExtensionSignBytes(id, pb)), string(must(cmtjson.Marshal(v))), errorText(v.ValidateBasic())})
	}
	return out
}

// ---- headers ----

type headerCase struct {
	Proto string `json:"proto"`
	Hash  string `json:"hash"`
	JSON  string `json:"json"`
	Basic string `json:"validate_basic"`
}

func maybeHash() []byte {
	if random.Intn(4) == 0 {
		return nil
	}
	return randomBytes(32)
}

func randomHeader(height int64, at time.Time) types.Header {
	return types.Header{
		Version: cmtversion.Consensus{Block: version.BlockProtocol, App: uint64(random.Intn(3))}, ChainID: chainID,
		Height: height, Time: at, LastBlockID: randomBlockID(), LastCommitHash: maybeHash(), DataHash: maybeHash(),
		ValidatorsHash: randomBytes(32), NextValidatorsHash: maybeHash(), ConsensusHash: maybeHash(),
		AppHash: randomBytes(random.Intn(140)), LastResultsHash: maybeHash(), EvidenceHash: maybeHash(),
		ProposerAddress: randomBytes(20),
	}
}

func headers() []headerCase {
	var out []headerCase
	for i := 0; i < 12; i++ {
		h := randomHeader(random.Int63(), randomTime())
		switch i {
		case 0:
			h.LastBlockID = types.BlockID{}
		case 1:
			h.ValidatorsHash = nil
		case 2:
			h.ChainID = ""
			h.Height = 0
		case 3:
			h.Time = time.Time{}
		case 4:
			h.Version = cmtversion.Consensus{}
		case 5:
			h.ProposerAddress = nil
		}
		out = append(out, headerCase{proto(h.ToProto()), hexed(h.Hash()), string(must(cmtjson.Marshal(h))),
			errorText(h.ValidateBasic())})
	}
	return out
}

// ---- commits ----

type commitCase struct {
	Name       string `json:"name"`
	Set        string `json:"set"`
	Commit     string `json:"commit"`
	BlockID    string `json:"block_id"`
	Height     int64  `json:"height"`
	Hash       string `json:"hash"`
	Basic      string `json:"validate_basic"`
	Full       string `json:"full"`
	Light      string `json:"light"`
	LightAll   string `json:"light_all"`
	Trusting13 string `json:"trusting_1_3"`
	Trusting23 string `json:"trusting_2_3_all"`
}

// signedCommit: flags are one letter a validator, c(ommit), n(il), a(bsent).
func signedCommit(set *types.ValidatorSet, height int64, round int32, id types.BlockID, at time.Time, flags string) *types.Commit {
	c := &types.Commit{Height: height, Round: round, BlockID: id}
	for i, v := range set.Validators {
		if flags[i] == 'a' {
			c.Signatures = append(c.Signatures, types.NewCommitSigAbsent())
			continue
		}
		sig := types.CommitSig{BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: v.Address,
			Timestamp: at.Add(time.Duration(random.Intn(2000)) * time.Millisecond)}
		if flags[i] == 'n' {
			sig.BlockIDFlag = types.BlockIDFlagNil
		}
		c.Signatures = append(c.Signatures, sig)
		c.Signatures[i].Signature = must(key(keyOf(v.Address)).Sign(c.VoteSignBytes(chainID, int32(i))))
	}
	return c
}

func commits() []commitCase {
	set := types.NewValidatorSet(validators([]change{{0, 100}, {1, 90}, {2, 80}, {3, 70}, {4, 60}}))
	other := types.NewValidatorSet(validators([]change{{2, 5}, {3, 5}, {20, 5}, {21, 5}, {22, 5}}))
	one := types.NewValidatorSet(validators([]change{{7, 1}}))
	id := randomBlockID()
	at := genesisTime
	all := signedCommit(set, 10, 1, id, at, "ccccc")
	spoil := func(i int, f func(*types.CommitSig)) *types.Commit {
		c := all.Clone()
		f(&c.Signatures[i])
		return c
	}
	var out []commitCase
	add := func(name string, vals *types.ValidatorSet, c *types.Commit, id types.BlockID, height int64) {
		text := errorText
		out = append(out, commitCase{name, proto(must(vals.ToProto())), proto(c.ToProto()), proto(ptr(id.ToProto())), height,
			hexed(must(types.CommitFromProto(c.ToProto())).Hash()), text(c.ValidateBasic()), // a clone keeps the hash of its source
			text(vals.VerifyCommit(chainID, id, height, c)),
			text(vals.VerifyCommitLight(chainID, id, height, c)),
			text(vals.VerifyCommitLightAllSignatures(chainID, id, height, c)),
			text(vals.VerifyCommitLightTrusting(chainID, c, cmtmath.Fraction{Numerator: 1, Denominator: 3})),
			text(vals.VerifyCommitLightTrustingAllSignatures(chainID, c, cmtmath.Fraction{Numerator: 2, Denominator: 3}))})
	}
	add("all", set, all, id, 10)
	add("one validator", one, signedCommit(one, 10, 0, id, at, "c"), id, 10)
	for _, flags := range []string{"cccan", "nnccc", "cccaa", "accca", "ccnna", "aaaaa", "nnnnn", "canac", "cccna"} {
		add(flags, set, signedCommit(set, 10, 1, id, at, flags), id, 10)
	}
	add("another height", set, all, id, 11)
	add("another block", set, all, randomBlockID(), 10)
	add("another set", other, all, id, 10)
	add("set of another size", one, all, id, 10)
	add("last signature wrong", set, spoil(4, func(s *types.CommitSig) { s.Signature = randomBytes(64) }), id, 10)
	add("first signature wrong", set, spoil(0, func(s *types.CommitSig) { s.Signature = randomBytes(64) }), id, 10)
	add("signature of a nil vote wrong", set, func() *types.Commit {
		c := signedCommit(set, 10, 1, id, at, "ccccn")
		c.Signatures[4].Signature = randomBytes(64)
		return c
	}(), id, 10)
	add("time changed", set, spoil(1, func(s *types.CommitSig) { s.Timestamp = s.Timestamp.Add(1) }), id, 10)
	add("wrong address", set, spoil(2, func(s *types.CommitSig) { s.ValidatorAddress = key(9).PubKey().Address() }), id, 10)
	add("address of another", set, spoil(2, func(s *types.CommitSig) { s.ValidatorAddress = set.Validators[1].Address }), id, 10)
	return out
}

func ptr[T any](v T) *T { return &v }

// ---- evidence ----

type evidenceCase struct {
	Name  string `json:"name"`
	Proto string `json:"proto"`
	Hash  string `json:"hash"`
	JSON  string `json:"json,omitempty"`
	Basic string `json:"validate_basic"`
}

func evidence() []evidenceCase {
	var out []evidenceCase
	add := func(name string, e types.Evidence) {
		c := evidenceCase{name, proto(must(types.EvidenceToProto(e))), hexed(e.Hash()), "", errorText(e.ValidateBasic())}
		if len(out)%4 == 0 {
			c.JSON = string(must(cmtjson.Marshal(e)))
		}
		out = append(out, c)
	}
	for i := 0; i < 3; i++ {
		add(fmt.Sprintf("duplicate vote %d", i), duplicateVote(i, 5+int64(i), genesisTime))
	}
	d := duplicateVote(3, 7, genesisTime)
	d.VoteA, d.VoteB = d.VoteB, d.VoteA
	add("duplicate vote, wrong order", d)

	set := types.NewValidatorSet(validators([]change{{0, 10}, {1, 20}, {2, 30}}))
	h := randomHeader(9, genesisTime)
	h.ValidatorsHash = set.Hash()
	id := types.BlockID{Hash: h.Hash(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: randomBytes(32)}}
	attack := func() *types.LightClientAttackEvidence {
		return &types.LightClientAttackEvidence{
			ConflictingBlock: &types.LightBlock{
				SignedHeader: &types.SignedHeader{Header: &h, Commit: signedCommit(set, 9, 0, id, genesisTime, "ccc")},
				ValidatorSet: set.Copy()},
			CommonHeight: 4, TotalVotingPower: 60, Timestamp: genesisTime,
			ByzantineValidators: []*types.Validator{set.Validators[0], set.Validators[2]}}
	}
	add("light client attack", attack())
	a := attack()
	a.CommonHeight = 10
	add("light client attack, common height ahead", a)
	a = attack()
	a.ConflictingBlock.ValidatorSet = types.NewValidatorSet(validators([]change{{0, 10}, {1, 20}}))
	add("light client attack, another set", a)
	a = attack()
	a.ConflictingBlock.ValidatorSet.Proposer = set.Validators[1].Copy()
	a.ConflictingBlock.ValidatorSet.Proposer.ProposerPriority = 77
	add("light client attack, a proposer of its own", a)
	return out
}

func duplicateVote(k int, height int64, at time.Time) *types.DuplicateVoteEvidence {
	set := types.NewValidatorSet(validators([]change{{k, 10}, {k + 1, 7}}))
	vote := func() *types.Vote {
		v := &types.Vote{Type: cmtproto.PrecommitType, Height: height, Round: 2, BlockID: randomBlockID(),
			Timestamp: at.Add(time.Second), ValidatorAddress: key(k).PubKey().Address(), ValidatorIndex: 0}
		v.Signature = must(key(k).Sign(types.VoteSignBytes(chainID, v.ToProto())))
		return v
	}
	return must(types.NewDuplicateVoteEvidence(vote(), vote(), at, set))
}
