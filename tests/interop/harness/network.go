// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"
)

// Network is a set of CometBFT validators that make blocks, and who feeds them.
type Network struct {
	Name          string
	ChainID       string
	InitialHeight int64
	Genesis       []byte
	Validators    []*Node
	Keys          []crypto.PrivKey // of the validators, for evidence against them
	Others        []*Node          // further CometBFT nodes

	env     *Env
	traffic *Traffic
	heights map[int64][]json.RawMessage // what CompareHeights has read from the first validator
}

// How fast blocks come. The timeouts of propose, prevote and precommit pass only where a validator that exists on paper
// alone has its turn.
func quick() map[string]string {
	return map[string]string{
		// Blocks follow the transactions, and stop when those stop.
		"consensus.create_empty_blocks":        "false",
		"consensus.timeout_commit":             quoted("50ms"),
		"consensus.timeout_propose":            quoted("300ms"),
		"consensus.timeout_propose_delta":      quoted("100ms"),
		"consensus.timeout_prevote":            quoted("100ms"),
		"consensus.timeout_prevote_delta":      quoted("50ms"),
		"consensus.timeout_precommit":          quoted("100ms"),
		"consensus.timeout_precommit_delta":    quoted("50ms"),
		"consensus.peer_gossip_sleep_duration": quoted("10ms"),
		"p2p.flush_throttle_timeout":           quoted("10ms"),
		"p2p.max_num_inbound_peers":            "100",
		"rpc.max_request_batch_size":           "20",
	}
}

// NetworkOptions of NewNetwork.
type NetworkOptions struct {
	Validators    int
	Tested        int // the last so many run the program under test
	InitialHeight int64
	App           string
	Settings      map[string]string
}

// NewNetwork makes the homes of a network; nothing runs yet.
func (e *Env) NewNetwork(t testing.TB, name string, options NetworkOptions) *Network {
	t.Helper()
	net := &Network{
		Name: name, ChainID: fmt.Sprintf("interop-%s-%06d", name, e.Seed), InitialHeight: options.InitialHeight, env: e,
		heights: map[int64][]json.RawMessage{},
	}
	if net.InitialHeight == 0 {
		net.InitialHeight = 1
	}
	for i := 0; i < options.Validators; i++ {
		settings := quick()
		for key, value := range options.Settings {
			settings[key] = value
		}
		v := e.NewNode(t, fmt.Sprintf("%s-validator%d", name, i), nil, Options{
			Tested: i >= options.Validators-options.Tested, App: options.App, Settings: settings,
		})
		key := privval.LoadFilePV(v.Path("config/priv_validator_key.json"), v.Path("data/priv_validator_state.json"))
		net.Validators = append(net.Validators, v)
		net.Keys = append(net.Keys, key.Key.PrivKey)
	}
	net.traffic = newTraffic(net)
	params := types.DefaultConsensusParams()
	params.Validator.PubKeyTypes = []string{types.ABCIPubKeyTypeEd25519, types.ABCIPubKeyTypeSecp256k1}
	genesis := types.GenesisDoc{
		GenesisTime: time.Now().UTC(), ChainID: net.ChainID, InitialHeight: net.InitialHeight, ConsensusParams: params,
		// Blanks and what HTML escapes: /genesis has to give it back as CometBFT does.
		AppState: json.RawMessage(`{"name": "<a & b>",   "list": [1, 2.50, "3"]}`),
	}
	for i, key := range net.Keys {
		genesis.Validators = append(genesis.Validators, types.GenesisValidator{
			Address: key.PubKey().Address(), PubKey: key.PubKey(), Power: 10, Name: fmt.Sprintf("v%d", i),
		})
	}
	path := net.Validators[0].Path("config/genesis.json")
	if err := genesis.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	var err error
	if net.Genesis, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	for i, v := range net.Validators {
		if err := os.WriteFile(v.Path("config/genesis.json"), net.Genesis, 0o600); err != nil {
			t.Fatal(err)
		}
		// Every pair has one persistent connection, dialed by the later one.
		v.Set(t, map[string]string{"p2p.persistent_peers": quoted(Addresses(net.Validators[:i]))})
	}
	return net
}

// Start starts all validators.
func (net *Network) Start(t testing.TB) {
	t.Helper()
	for _, v := range net.Validators {
		v.Launch(t)
	}
	for _, v := range net.Validators {
		v.WaitRPC(t, 60*time.Second)
	}
}

// Halt stops the traffic and waits until the chain stands still: nothing is pending anywhere, and the last block is an
// empty one that proves the result of the one before. The validators stay up. Returns the last height.
func (net *Network) Halt(t testing.TB) (tip int64) {
	t.Helper()
	net.StopTraffic()
	quiet := func() bool {
		tip = net.Height()
		for _, v := range net.Validators {
			if v.Height() != tip || v.Pending() != 0 || v.txsIn(tip) != 0 {
				return false
			}
		}
		return true
	}
	if !Until(30*time.Second, quiet) {
		t.Fatalf("%s does not come to rest: height %d\n%s", net.Name, tip, Tail(net.Validators[0].LogPath, 20))
	}
	return tip
}

// Height of the chain.
func (net *Network) Height() int64 { return net.Validators[0].Height() }

// WaitHeight waits for the chain.
func (net *Network) WaitHeight(t testing.TB, height int64) int64 {
	t.Helper()
	return net.Validators[0].WaitHeight(t, height, 30*time.Second)
}

// FeedTraffic begins to send transactions, or goes on.
func (net *Network) FeedTraffic() { net.traffic.start(net.traffic.run) }

// FeedLoad sends the same number of transactions for each block, until StopTraffic.
func (net *Network) FeedLoad(perBlock int) {
	net.traffic.start(func(ctx context.Context) { net.traffic.load(ctx, perBlock) })
}

// StopTraffic ends it for the time being.
func (net *Network) StopTraffic() { net.traffic.stop() }

// NewFullNode makes a node of this network, which is not started.
func (net *Network) NewFullNode(t testing.TB, name string, options Options) *Node {
	t.Helper()
	if options.Peers == nil {
		options.Peers = net.Validators
	}
	n := net.env.NewNode(t, net.Name+"-"+name, net.Genesis, options)
	if !n.Tested {
		net.Others = append(net.Others, n)
	}
	return n
}

// CheckLogs reads the logs of all CometBFT nodes of this network.
func (net *Network) CheckLogs(t testing.TB) {
	t.Helper()
	nodes := append([]*Node{}, net.Others...)
	for _, v := range net.Validators {
		if !v.Tested {
			nodes = append(nodes, v)
		}
	}
	CheckLogs(t, nodes)
}
