// SPDX-License-Identifier: Apache-2.0

package evil

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/p2p"
	p2pconn "github.com/cometbft/cometbft/p2p/conn"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	rpcclient "github.com/cometbft/cometbft/rpc/client/http"
	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"
)

// Chain is real blocks by height.
type Chain map[int64]*types.Block

// FetchChain gets blocks from a node that speaks the truth.
func FetchChain(url string, from, to int64) (Chain, error) {
	rpc, err := rpcclient.New(url, "/websocket")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	chain := Chain{}
	for height := from; height <= to; height++ {
		height := height
		answer, err := rpc.Block(ctx, &height)
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", height, err)
		}
		chain[height] = answer.Block
	}
	return chain, nil
}

// Copy of a block, to be spoilt.
func Copy(block *types.Block) *types.Block {
	encoded, err := block.ToProto()
	if err != nil {
		panic(err)
	}
	copied := new(types.Block)
	*copied = types.Block{Header: block.Header, Data: types.Data{Txs: append(types.Txs{}, block.Txs...)}, Evidence: block.Evidence}
	if encoded.LastCommit != nil {
		if copied.LastCommit, err = types.CommitFromProto(encoded.LastCommit); err != nil {
			panic(err)
		}
	}
	return copied
}

// Liar serves a chain by block sync over CometBFT's own switch. What it answers to a request is the caller's.
type Liar struct {
	p2p.BaseReactor
	chain  Chain
	base   int64
	height int64
	answer Answer
	sw     *p2p.Switch

	mu             sync.Mutex
	asked, lied    int
	joined, parted int
}

// Answer returns what to send when `height` is asked for, and whether that is a lie. Nothing may be sent too.
type Answer func(chain Chain, height int64) (messages []proto.Message, lie bool)

// Status is what a liar says of itself, first to last.
type Status struct{ Base, Height int64 }

// NewLiar listens on a port and says that it has a chain.
func NewLiar(port int, network string, chain Chain, status Status, answer Answer) (*Liar, string, error) {
	l := &Liar{chain: chain, base: status.Base, height: status.Height, answer: answer}
	l.BaseReactor = *p2p.NewBaseReactor("Liar", l)
	key := p2p.NodeKey{PrivKey: ed25519.GenPrivKey()}
	encoded := Info(key.PrivKey.(ed25519.PrivKey), network)
	encoded.ListenAddr = fmt.Sprintf("tcp://127.0.0.1:%d", port)
	encoded.Channels = []byte{0x40}
	info, err := p2p.DefaultNodeInfoFromToProto(encoded)
	if err != nil {
		return nil, "", err
	}
	settings := config.DefaultP2PConfig()
	settings.AllowDuplicateIP = true
	transport := p2p.NewMultiplexTransport(info, key, p2p.MConnConfig(settings))
	l.sw = p2p.NewSwitch(settings, transport)
	l.sw.SetLogger(log.NewNopLogger())
	l.sw.SetNodeInfo(info)
	l.sw.SetNodeKey(&key)
	l.sw.AddReactor("BLOCKSYNC", l)
	text := fmt.Sprintf("%s@127.0.0.1:%d", key.ID(), port)
	address, err := p2p.NewNetAddressString(text)
	if err != nil {
		return nil, "", err
	}
	if err := transport.Listen(*address); err != nil {
		return nil, "", err
	}
	return l, text, l.sw.Start()
}

// End closes all its connections.
func (l *Liar) End() { _ = l.sw.Stop() }

// Counts says how often it was asked and lied, and how many peers came and went.
func (l *Liar) Counts() (asked, lied, joined, parted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked, l.lied, l.joined, l.parted
}

// GetChannels is of p2p.Reactor.
func (l *Liar) GetChannels() []*p2pconn.ChannelDescriptor {
	return []*p2pconn.ChannelDescriptor{{
		ID: 0x40, Priority: 5, SendQueueCapacity: 1000, RecvBufferCapacity: 1 << 20, RecvMessageCapacity: 100 << 20,
		MessageType: &bcproto.Message{},
	}}
}

// AddPeer is of p2p.Reactor.
func (l *Liar) AddPeer(peer p2p.Peer) {
	l.mu.Lock()
	l.joined++
	l.mu.Unlock()
	l.sayStatus(peer)
}

// RemovePeer is of p2p.Reactor.
func (l *Liar) RemovePeer(p2p.Peer, interface{}) {
	l.mu.Lock()
	l.parted++
	l.mu.Unlock()
}

func (l *Liar) sayStatus(peer p2p.Peer) {
	peer.TrySend(p2p.Envelope{ChannelID: 0x40, Message: &bcproto.StatusResponse{Base: l.base, Height: l.height}})
}

// Receive is of p2p.Reactor.
func (l *Liar) Receive(e p2p.Envelope) {
	switch message := e.Message.(type) {
	case *bcproto.StatusRequest:
		l.sayStatus(e.Src)
	case *bcproto.BlockRequest:
		answers, lie := l.answer(l.chain, message.Height)
		l.mu.Lock()
		l.asked++
		if lie {
			l.lied++
		}
		l.mu.Unlock()
		for _, answer := range answers {
			e.Src.TrySend(p2p.Envelope{ChannelID: 0x40, Message: answer})
		}
	}
}
