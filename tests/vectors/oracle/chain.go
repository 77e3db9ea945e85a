// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	dbm "github.com/cometbft/cometbft-db"

	abci "github.com/cometbft/cometbft/abci/types"
	cryptoenc "github.com/cometbft/cometbft/crypto/encoding"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/mempool"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/proxy"
	sm "github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/store"
	"github.com/cometbft/cometbft/types"
)

// A chain of blocks that CometBFT's own executor applied, with the state after each.
type chainCase struct {
	Genesis string      `json:"genesis"`
	State   string      `json:"state"`
	Blocks  []blockCase `json:"blocks"`
}

type blockCase struct {
	Block        string   `json:"block"`
	ID           string   `json:"id"`
	JSON         string   `json:"json,omitempty"`
	Results      string   `json:"results"`
	Updates      []string `json:"validator_updates"`
	ParamsUpdate string   `json:"params_update"`
	AppHash      string   `json:"app_hash"`
	State        string   `json:"state"`
}

// What the application will answer for the next block.
type scriptedApp struct {
	abci.BaseApplication
	answer *abci.ResponseFinalizeBlock
}

func (a *scriptedApp) FinalizeBlock(context.Context, *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	return a.answer, nil
}

func update(c change) abci.ValidatorUpdate {
	return abci.ValidatorUpdate{PubKey: must(cryptoenc.PubKeyToProto(key(c.Key).PubKey())), Power: c.Power}
}

func chain() chainCase {
	doc := &types.GenesisDoc{GenesisTime: genesisTime, ChainID: chainID, InitialHeight: 5,
		ConsensusParams: types.DefaultConsensusParams(), AppHash: randomBytes(8),
		AppState: json.RawMessage(`{"accounts":["a<b"]}`)}
	for i, power := range []int64{10, 10, 30, 7} {
		doc.Validators = append(doc.Validators, types.GenesisValidator{PubKey: key(i).PubKey(), Power: power, Name: "v"})
	}
	state := must(sm.MakeGenesisState(doc))
	out := chainCase{Genesis: string(must(cmtjson.MarshalIndent(doc, "", "  "))), State: hexed(state.Bytes())}

	app := &scriptedApp{}
	conns := proxy.NewAppConns(proxy.NewLocalClientCreator(app), proxy.NopMetrics())
	if err := conns.Start(); err != nil {
		panic(err)
	}
	stateStore := sm.NewStore(dbm.NewMemDB(), sm.StoreOptions{})
	if err := stateStore.Save(state); err != nil {
		panic(err)
	}
	executor := sm.NewBlockExecutor(stateStore, log.NewNopLogger(), conns.Consensus(), &mempool.NopMempool{},
		sm.EmptyEvidencePool{}, store.NewBlockStore(dbm.NewMemDB()))

	commit := &types.Commit{}
	for height := int64(5); height < 17; height++ {
		app.answer = answerAt(height)
		block := must(state.MakeBlock(height, txsFor(len(app.answer.TxResults)), commit, evidenceAt(height),
			state.Validators.GetProposer().Address))
		parts := must(block.MakePartSet(types.BlockPartSizeBytes))
		id := types.BlockID{Hash: block.Hash(), PartSetHeader: parts.Header()}
		if err := executor.ValidateBlock(state, block); err != nil {
			panic(err)
		}
		next := must(executor.ApplyVerifiedBlock(state, id, block))

		c := blockCase{Block: proto(must(block.ToProto())), ID: proto(ptr(id.ToProto())),
			AppHash: hexed(app.answer.AppHash), State: hexed(next.Bytes())}
		if height == 5 || height == 9 {
			c.JSON = string(must(cmtjson.Marshal(must(types.BlockFromProto(must(block.ToProto())))))) // as it is loaded
		}
		c.Results = hexed(types.NewResults(app.answer.TxResults).Hash())
		for _, u := range app.answer.ValidatorUpdates {
			c.Updates = append(c.Updates, proto(&u))
		}
		if app.answer.ConsensusParamUpdates != nil {
			c.ParamsUpdate = proto(app.answer.ConsensusParamUpdates)
		}
		out.Blocks = append(out.Blocks, c)

		flags := []byte(strings.Repeat("c", state.Validators.Size()))
		if i := random.Intn(len(flags) + 1); i < len(flags) && state.Validators.Validators[i].VotingPower*3 < state.Validators.TotalVotingPower() {
			flags[i] = "an"[random.Intn(2)]
		}
		at := block.Time.Add(time.Duration(1+random.Intn(5000)) * time.Millisecond)
		commit = signedCommit(state.Validators, height, int32(random.Intn(3)), id, at, string(flags))
		state = next
	}
	return out
}

func txsFor(n int) []types.Tx {
	txs := make([]types.Tx, n)
	for i := range txs {
		txs[i] = randomBytes(random.Intn(40))
	}
	return txs
}

func evidenceAt(height int64) []types.Evidence {
	if height != 9 {
		return nil
	}
	return []types.Evidence{duplicateVote(1, 7, genesisTime.Add(time.Second)), duplicateVote(2, 8, genesisTime)}
}

func answerAt(height int64) *abci.ResponseFinalizeBlock {
	a := &abci.ResponseFinalizeBlock{AppHash: randomBytes(8 * random.Intn(5))}
	for i := random.Intn(5); i > 0; i-- {
		a.TxResults = append(a.TxResults, &abci.ExecTxResult{Code: uint32(random.Intn(3)), Data: randomBytes(random.Intn(9)),
			Log: "not hashed", GasWanted: random.Int63n(9), GasUsed: random.Int63n(9)})
	}
	switch height {
	case 6:
		a.ValidatorUpdates = []abci.ValidatorUpdate{update(change{4, 25}), update(change{5, 1})}
	case 7:
		a.ValidatorUpdates = []abci.ValidatorUpdate{update(change{0, 0})}
	case 10:
		a.ValidatorUpdates = []abci.ValidatorUpdate{update(change{0, 12}), update(change{4, 5}), update(change{5, 0})}
		a.ConsensusParamUpdates = &cmtproto.ConsensusParams{Block: &cmtproto.BlockParams{MaxBytes: 2000000, MaxGas: 77},
			Version: &cmtproto.VersionParams{App: 3}}
	case 12:
		a.ConsensusParamUpdates = &cmtproto.ConsensusParams{Abci: &cmtproto.ABCIParams{VoteExtensionsEnableHeight: 40},
			Evidence: &cmtproto.EvidenceParams{MaxAgeNumBlocks: 9, MaxAgeDuration: 90 * time.Second, MaxBytes: 5000}}
	}
	return a
}
