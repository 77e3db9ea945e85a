// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	protomem "github.com/cometbft/cometbft/proto/tendermint/mempool"
	"github.com/cosmos/gogoproto/proto"

	"tetrad/tests/interop/evil"
)

const (
	channelState   = 0x20
	channelMempool = 0x30
	channelBlocks  = 0x40
)

// joined is a way to spoil a connection after both handshakes.
func (v *victim) joined(t *testing.T, name string, say func(p *evil.Peer) error) breaking {
	return breaking{name, func(conn net.Conn) error {
		p, err := evil.Join(conn, v.net.ChainID)
		if err != nil {
			t.Errorf("%s: joining: %v", name, err)
			return err
		}
		return say(p)
	}}
}

func (v *victim) bytes(t *testing.T, name string, data []byte) breaking {
	return v.joined(t, name, func(p *evil.Peer) error { _, err := p.Write(data); return err })
}

// packets break the multiplexed connection.
func (v *victim) packets(t *testing.T) {
	long := func(size int) []byte {
		return append(binary.AppendUvarint(nil, uint64(size)), make([]byte, min(size, 100_000))...)
	}
	v.run(t, []breaking{
		v.bytes(t, "noise instead of a packet", append([]byte{200, 1}, noise(200)...)),
		v.bytes(t, "a packet's length without end", bytes.Repeat([]byte{0xff}, 50)),
		v.bytes(t, "a packet of 1035 bytes", long(1035)),
		v.bytes(t, "a packet of 1 GiB", long(1<<30)),
		v.bytes(t, "a packet of 2^63 bytes", append(binary.AppendUvarint(nil, 1<<63), noise(1000)...)),
		v.bytes(t, "a packet with 1025 bytes of data", evil.Packet(channelBlocks, true, make([]byte, 1025))),
		v.bytes(t, "an empty packet", []byte{0}),
		v.bytes(t, "a packet of a kind that is not", []byte{2, 0x22, 0x00}),
		v.bytes(t, "a channel that is not", evil.Packet(0x99, true, []byte("x"))),
		v.bytes(t, "channel 256 + 64", evil.Packet(256+channelBlocks, true, []byte{0x22, 0})),
		v.bytes(t, "channel -1", evil.Packet(-1, true, []byte("x"))),
		v.joined(t, "a message over 1 MiB", func(p *evil.Peer) error {
			piece := evil.Packet(channelMempool, false, make([]byte, 1024))
			for i := 0; i < 1100; i++ {
				if _, err := p.Write(piece); err != nil {
					return err
				}
			}
			return nil
		}),
		v.joined(t, "half a packet, then the end", func(p *evil.Peer) error {
			packet := evil.Packet(channelBlocks, true, make([]byte, 1000))
			_, err := p.Write(packet[:500])
			p.Conn.(*net.TCPConn).CloseWrite()
			return err
		}),
		v.joined(t, "noise where a frame should be", func(p *evil.Peer) error { _, err := p.Conn.Write(noise(1044)); return err }),
		v.joined(t, "half a frame, then the end", func(p *evil.Peer) error {
			_, err := p.Conn.Write(noise(300))
			p.Conn.(*net.TCPConn).CloseWrite()
			return err
		}),
	})
}

func marshal(message proto.Message) []byte {
	data, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	return data
}

func blocks(message interface{ Wrap() proto.Message }) []byte {
	return evil.Message(channelBlocks, marshal(message.Wrap()))
}

// messages are packets that are well, and messages in them that are not.
func (v *victim) messages(t *testing.T) {
	txs := func(txs ...[]byte) []byte {
		return evil.Message(channelMempool, marshal((&protomem.Txs{Txs: txs}).Wrap()))
	}
	step := func(spoil func(m *cmtcons.NewRoundStep)) []byte {
		m := &cmtcons.NewRoundStep{Height: 5, Round: 0, Step: 1, SecondsSinceStartTime: 0, LastCommitRound: 0}
		spoil(m)
		return evil.Message(channelState, marshal(m.Wrap()))
	}
	ways := []breaking{
		v.bytes(t, "block sync: noise", evil.Message(channelBlocks, noise(500))),
		v.bytes(t, "block sync: nothing", evil.Message(channelBlocks, nil)),
		v.bytes(t, "block sync: a kind that is not", evil.Message(channelBlocks, []byte{0x7a, 0x00})),
		v.bytes(t, "block sync: a request for block -1", blocks(&bcproto.BlockRequest{Height: -1})),
		v.bytes(t, "block sync: no block -1", blocks(&bcproto.NoBlockResponse{Height: -1})),
		v.bytes(t, "block sync: height -1", blocks(&bcproto.StatusResponse{Height: -1, Base: 0})),
		v.bytes(t, "block sync: base -1", blocks(&bcproto.StatusResponse{Height: 1, Base: -1})),
		v.bytes(t, "block sync: base above height", blocks(&bcproto.StatusResponse{Height: 1, Base: 2})),
		v.bytes(t, "mempool: noise", evil.Message(channelMempool, noise(500))),
		v.bytes(t, "mempool: no transaction", txs()),
		v.bytes(t, "mempool: an empty transaction", txs([]byte("a=1"), nil)),
		v.bytes(t, "mempool: a transaction over the limit", txs(make([]byte, txBytesMax+1))),
		v.bytes(t, "state: noise", evil.Message(channelState, noise(500))),
		v.bytes(t, "state: a kind that is not", evil.Message(channelState, []byte{0x7a, 0x00})),
		v.bytes(t, "state: height -1", step(func(m *cmtcons.NewRoundStep) { m.Height = -1 })),
		v.bytes(t, "state: round -1", step(func(m *cmtcons.NewRoundStep) { m.Round = -1 })),
		v.bytes(t, "state: step 99", step(func(m *cmtcons.NewRoundStep) { m.Step = 99 })),
		v.bytes(t, "state: a commit of round -1 before the first height", step(func(m *cmtcons.NewRoundStep) { m.LastCommitRound = -2 })),
	}
	if env.TetradOnly(t, "to drop who sends a block that nobody asked for: CometBFT has left block sync here") {
		block := v.block(t, v.net.InitialHeight+5)
		ways = append(ways, v.bytes(t, "block sync: a block that nobody asked for", blocks(&bcproto.BlockResponse{Block: block})),
			v.bytes(t, "block sync: no block where one should be", blocks(&bcproto.BlockResponse{})))
	}
	v.run(t, ways)
}

// floods say what is allowed, without end. Whether the node closes the connection is its own business.
func (v *victim) floods(t *testing.T) {
	many := func(name string, pieces func(i int) []byte) breaking {
		return v.joined(t, name, func(p *evil.Peer) error {
			// The deadline ends it: who is flooded may stop to read.
			_ = p.Conn.SetWriteDeadline(time.Now().Add(2500 * time.Millisecond))
			for i := 0; i < 200_000; i++ {
				if _, err := p.Write(pieces(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	same := func(data []byte) func(int) []byte { return func(int) []byte { return data } }
	height := v.net.InitialHeight + 5
	for _, way := range []breaking{
		many("pings", same(evil.Ping())),
		many("requests for one block", same(blocks(&bcproto.BlockRequest{Height: height}))),
		many("requests for blocks that are not there", func(i int) []byte {
			return blocks(&bcproto.BlockRequest{Height: 1_000_000 + int64(i)})
		}),
		many("requests for the status", same(blocks(&bcproto.StatusRequest{}))),
		many("statuses that grow", func(i int) []byte { return blocks(&bcproto.StatusResponse{Height: int64(i + 1), Base: 1}) }),
		many("empty pieces of a message", same(evil.Packet(channelBlocks, false, nil))),
		many("a message without end", same(evil.Packet(channelBlocks, false, make([]byte, 1024)))),
		many("transactions that the application refuses", func(i int) []byte {
			tx := []byte(fmt.Sprintf("without separator %d", i))
			return evil.Message(channelMempool, marshal((&protomem.Txs{Txs: [][]byte{tx}}).Wrap()))
		}),
	} {
		conn, err := net.DialTimeout("tcp", v.p2p, 3*time.Second)
		if err != nil {
			t.Fatalf("%s: %v", way.name, err)
		}
		_ = way.do(conn)
		v.attacked(t, way.name)
		conn.Close()
	}
	v.crowd(t, "300 connections that say nothing", 300, func(net.Conn) error { return nil })
	v.crowd(t, "80 peers", 80, func(conn net.Conn) error {
		_ = conn.SetDeadline(time.Now().Add(closedIn))
		_, err := evil.Join(conn, v.net.ChainID)
		return err
	})
	v.calm(t)
}

// crowd comes all at once. The node may refuse most of it, and must not lose its own peers over it.
func (v *victim) crowd(t *testing.T, name string, count int, say func(conn net.Conn) error) {
	t.Helper()
	var conns []net.Conn
	done := make(chan bool)
	for i := 0; i < count; i++ {
		conn, err := net.DialTimeout("tcp", v.p2p, 3*time.Second)
		if err != nil {
			break // it does not even accept: good enough
		}
		conns = append(conns, conn)
		go func() { _ = say(conn); done <- true }()
	}
	for range conns {
		<-done
	}
	v.attacked(t, name)
	if peers := v.countPeers(t); peers < v.peers {
		t.Errorf("%s: the node has lost peers: %d of %d are left", name, peers, v.peers)
	}
	for _, conn := range conns {
		conn.Close()
	}
}
