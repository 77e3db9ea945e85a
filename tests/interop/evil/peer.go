// SPDX-License-Identifier: Apache-2.0

package evil

import (
	"fmt"
	"net"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/libs/protoio"
	"github.com/cometbft/cometbft/p2p"
	p2pconn "github.com/cometbft/cometbft/p2p/conn"
	tmp2p "github.com/cometbft/cometbft/proto/tendermint/p2p"
)

// Channels that CometBFT nodes have.
var Channels = []byte{0x40, 0x20, 0x21, 0x22, 0x23, 0x30, 0x38, 0x60, 0x61, 0x00}

// Info is what an honest node of the network would say of itself.
func Info(key ed25519.PrivKey, network string) *tmp2p.DefaultNodeInfo {
	return &tmp2p.DefaultNodeInfo{
		ProtocolVersion: tmp2p.ProtocolVersion{P2P: 8, Block: 11, App: 1},
		DefaultNodeID:   string(p2p.PubKeyToID(key.PubKey())),
		ListenAddr:      "tcp://127.0.0.1:1",
		Network:         network,
		Version:         "0.38.25",
		Channels:        Channels,
		Moniker:         "evil",
		Other:           tmp2p.DefaultNodeInfoOther{TxIndex: "on", RPCAddress: "tcp://127.0.0.1:2"},
	}
}

// Peer is a connection on which the handshakes went well.
type Peer struct {
	*p2pconn.SecretConnection
	Conn net.Conn
	Info *tmp2p.DefaultNodeInfo // theirs
}

// Join goes through both handshakes as an honest node of the network does, on a connection just made.
func Join(conn net.Conn, network string) (*Peer, error) {
	key := ed25519.GenPrivKey()
	secret, err := p2pconn.MakeSecretConnection(conn, key)
	if err != nil {
		return nil, fmt.Errorf("secret connection: %w", err)
	}
	if _, err := protoio.NewDelimitedWriter(secret).WriteMsg(Info(key, network)); err != nil {
		return nil, err
	}
	theirs := new(tmp2p.DefaultNodeInfo)
	if _, err := protoio.NewDelimitedReader(secret, 10240).ReadMsg(theirs); err != nil {
		return nil, fmt.Errorf("node info: %w", err)
	}
	return &Peer{secret, conn, theirs}, nil
}

// Packet is one of the multiplexed connection, as bytes with its length before it.
func Packet(channel int32, eof bool, data []byte) []byte {
	bytes, err := protoio.MarshalDelimited(&tmp2p.Packet{Sum: &tmp2p.Packet_PacketMsg{
		PacketMsg: &tmp2p.PacketMsg{ChannelID: channel, EOF: eof, Data: data},
	}})
	if err != nil {
		panic(err)
	}
	return bytes
}

// Message is a whole message in as many packets as it takes.
func Message(channel int32, data []byte) (packets []byte) {
	const payload = 1024
	for len(data) > payload {
		packets = append(packets, Packet(channel, false, data[:payload])...)
		data = data[payload:]
	}
	return append(packets, Packet(channel, true, data)...)
}

// Ping as bytes.
func Ping() []byte {
	bytes, err := protoio.MarshalDelimited(&tmp2p.Packet{Sum: &tmp2p.Packet_PacketPing{PacketPing: &tmp2p.PacketPing{}}})
	if err != nil {
		panic(err)
	}
	return bytes
}

// ClosedWithin reads until the other end closes, and says whether it did so in time.
func ClosedWithin(conn net.Conn, limit time.Duration) bool {
	_ = conn.SetReadDeadline(time.Now().Add(limit))
	buffer := make([]byte, 64<<10)
	for {
		if _, err := conn.Read(buffer); err != nil {
			timeout, is := err.(net.Error)
			return !is || !timeout.Timeout()
		}
	}
}
