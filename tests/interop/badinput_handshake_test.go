// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/libs/protoio"
	crypto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	tmp2p "github.com/cometbft/cometbft/proto/tendermint/p2p"

	"tetrad/tests/interop/evil"
)

func noise(size int) []byte {
	bytes := make([]byte, size)
	_, _ = rand.Read(bytes)
	return bytes
}

// breaking is one way to spoil a connection. It returns when it has said what it has to say.
type breaking struct {
	name string
	do   func(conn net.Conn) error
}

// run dials anew for each way, and demands that the node closes the connection. They run side by side: most of them end by
// the node's own deadlines.
func (v *victim) run(t *testing.T, ways []breaking) {
	type ended struct {
		name   string
		err    error
		closed bool
		took   time.Duration
	}
	results := make(chan ended)
	for _, way := range ways {
		way := way
		go func() {
			conn, err := net.DialTimeout("tcp", v.p2p, 3*time.Second)
			if err != nil {
				results <- ended{way.name, err, false, 0}
				return
			}
			defer conn.Close()
			begin := time.Now()
			_ = conn.SetWriteDeadline(begin.Add(closedIn))
			_ = conn.SetReadDeadline(begin.Add(closedIn))
			_ = way.do(conn) // it may be cut short: that is the point
			closed := evil.ClosedWithin(conn, closedIn)
			results <- ended{way.name, nil, closed, time.Since(begin)}
		}()
	}
	for range ways {
		r := <-results
		if r.err != nil {
			t.Errorf("%s: %v", r.name, r.err)
		} else if !r.closed {
			t.Errorf("%s: the connection is still open after %v", r.name, r.took)
		}
		v.attacked(t, r.name)
	}
	v.calm(t)
}

// handshakes break the secret connection.
func (v *victim) handshakes(t *testing.T) {
	write := func(data []byte) func(net.Conn) error {
		return func(conn net.Conn) error { _, err := conn.Write(data); return err }
	}
	ways := []breaking{
		{"silence", func(net.Conn) error { return nil }},
		{"noise instead of a key", write(noise(4096))},
		{"an HTTP request", write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))},
		{"half a key", write([]byte{0x22, 0x0a, 0x20, 1, 2, 3})},
		{"a key's length without end", write(bytes.Repeat([]byte{0x80}, 100))},
		{"a key of 2 GiB", write(append([]byte{0xff, 0xff, 0xff, 0xff, 0x07}, noise(100_000)...))},
		{"a key of 2 MiB", write(append([]byte{0x80, 0x80, 0x80, 0x01}, noise(300_000)...))},
		{"an empty message", write([]byte{0})},
		{"a wrong field", write([]byte{0x22, 0x12, 0x20})},
	}
	for i, point := range evil.LowOrder {
		point := point
		ways = append(ways, breaking{fmt.Sprintf("point %d of low order", i), func(conn net.Conn) error {
			if err := evil.SendEphemeral(conn, point); err != nil {
				return err
			}
			return lowOrderAnswer(t, conn, i)
		}})
	}
	secret := func(name string, do func(s *evil.Secret) error) {
		ways = append(ways, breaking{name, func(conn net.Conn) error {
			s, err := evil.Exchange(conn, ed25519.GenPrivKey())
			if err != nil {
				t.Errorf("%s: the exchange of keys: %v", name, err)
				return err
			}
			return do(s)
		}})
	}
	auth := func(name string, spoil func(s *evil.Secret, auth *tmp2p.AuthSigMessage)) {
		secret(name, func(s *evil.Secret) error {
			auth, err := s.Auth()
			if err != nil {
				return err
			}
			spoil(s, auth)
			return s.SendAuth(auth)
		})
	}
	secret("silence after the keys", func(*evil.Secret) error { return nil })
	secret("a frame that is noise", func(s *evil.Secret) error { _, err := s.Conn.Write(noise(1044)); return err })
	secret("half a frame", func(s *evil.Secret) error { _, err := s.Conn.Write(s.Frame(100, noise(100))[:500]); return err })
	secret("a frame twice", func(s *evil.Secret) error {
		frame := s.Frame(3, []byte{102, 10, 34})
		_, err := s.Conn.Write(append(frame, frame...))
		return err
	})
	secret("a frame that claims 1025 bytes", func(s *evil.Secret) error { _, err := s.Conn.Write(s.Frame(1025, noise(1024))); return err })
	secret("a frame that claims 4 GiB", func(s *evil.Secret) error { _, err := s.Conn.Write(s.Frame(0xffffffff, nil)); return err })
	secret("empty frames without end", func(s *evil.Secret) error {
		for i := 0; i < 20_000; i++ {
			if _, err := s.Conn.Write(s.Frame(0, nil)); err != nil {
				return err
			}
		}
		return nil
	})
	secret("a proof of 1 GiB", func(s *evil.Secret) error {
		_, err := s.Write(append(binary.AppendUvarint(nil, 1<<30), noise(200_000)...))
		return err
	})
	secret("a proof that is noise", func(s *evil.Secret) error { _, err := s.Write(append([]byte{100}, noise(100)...)); return err })
	auth("a proof with a bit changed", func(_ *evil.Secret, a *tmp2p.AuthSigMessage) { a.Sig[0] ^= 1 })
	auth("a proof of another challenge", func(s *evil.Secret, a *tmp2p.AuthSigMessage) { a.Sig, _ = s.Key.Sign(noise(32)) })
	auth("a proof without signature", func(_ *evil.Secret, a *tmp2p.AuthSigMessage) { a.Sig = nil })
	auth("a proof with a long signature", func(_ *evil.Secret, a *tmp2p.AuthSigMessage) { a.Sig = noise(10_000) })
	auth("a proof without key", func(_ *evil.Secret, a *tmp2p.AuthSigMessage) { a.PubKey = crypto.PublicKey{} })
	auth("a proof with a short key", func(_ *evil.Secret, a *tmp2p.AuthSigMessage) {
		a.PubKey = crypto.PublicKey{Sum: &crypto.PublicKey_Ed25519{Ed25519: noise(31)}}
	})
	auth("a proof with a key of another kind", func(_ *evil.Secret, a *tmp2p.AuthSigMessage) {
		a.PubKey = crypto.PublicKey{Sum: &crypto.PublicKey_Secp256K1{Secp256K1: append([]byte{2}, noise(32)...)}}
	})
	auth("a proof with somebody else's key", func(_ *evil.Secret, a *tmp2p.AuthSigMessage) {
		a.PubKey = crypto.PublicKey{Sum: &crypto.PublicKey_Ed25519{Ed25519: ed25519.GenPrivKey().PubKey().Bytes()}}
	})
	v.run(t, ways)
}

// lowOrderAnswer: nothing sealed may come after the node's own ephemeral key, for everybody can open it.
func lowOrderAnswer(t *testing.T, conn net.Conn, i int) error {
	_ = conn.SetReadDeadline(time.Now().Add(closedIn))
	var answer [256]byte
	total := 0
	for {
		n, err := conn.Read(answer[total:])
		total += n
		if err != nil || total == len(answer) {
			break
		}
	}
	if total > 35 {
		t.Errorf("point %d of low order: %d bytes come back, the node's ephemeral key takes 35", i, total)
	}
	return nil
}

// nodeInfos break what is said right after the secret connection.
func (v *victim) nodeInfos(t *testing.T) {
	var ways []breaking
	raw := func(name string, data func(key ed25519.PrivKey) []byte) {
		ways = append(ways, breaking{name, func(conn net.Conn) error {
			key := ed25519.GenPrivKey()
			s, err := evil.Exchange(conn, key)
			if err != nil {
				return err
			}
			auth, err := s.Auth()
			if err != nil {
				return err
			}
			if err := s.SendAuth(auth); err != nil {
				return err
			}
			if _, err := s.ReadAuth(); err != nil {
				t.Errorf("%s: the proof of the node: %v", name, err)
				return err
			}
			_, err = s.Write(data(key))
			return err
		}})
	}
	info := func(name string, spoil func(i *tmp2p.DefaultNodeInfo)) {
		raw(name, func(key ed25519.PrivKey) []byte {
			i := evil.Info(key, v.net.ChainID)
			spoil(i)
			data, err := protoio.MarshalDelimited(i)
			if err != nil {
				panic(err)
			}
			return data
		})
	}
	raw("silence instead of a node info", func(ed25519.PrivKey) []byte { return nil })
	raw("noise instead of a node info", func(ed25519.PrivKey) []byte { return append([]byte{100}, noise(100)...) })
	raw("half a node info", func(key ed25519.PrivKey) []byte {
		data, _ := protoio.MarshalDelimited(evil.Info(key, v.net.ChainID))
		return data[:len(data)/2]
	})
	raw("a node info of 1 GiB", func(ed25519.PrivKey) []byte { return append(binary.AppendUvarint(nil, 1<<30), noise(200_000)...) })
	raw("an empty node info", func(ed25519.PrivKey) []byte { return []byte{0} })
	info("a node info over 10240 bytes", func(i *tmp2p.DefaultNodeInfo) { i.Moniker = strings.Repeat("m", 10_240) })
	info("another network", func(i *tmp2p.DefaultNodeInfo) { i.Network = "another" })
	info("no network", func(i *tmp2p.DefaultNodeInfo) { i.Network = "" })
	info("another block protocol", func(i *tmp2p.DefaultNodeInfo) { i.ProtocolVersion.Block = 10 })
	info("no channel in common", func(i *tmp2p.DefaultNodeInfo) { i.Channels = []byte{0x77} })
	info("no channel", func(i *tmp2p.DefaultNodeInfo) { i.Channels = nil })
	info("a channel twice", func(i *tmp2p.DefaultNodeInfo) { i.Channels = []byte{0x40, 0x40} })
	info("17 channels", func(i *tmp2p.DefaultNodeInfo) { i.Channels = []byte("\x40bcdefghijklmnopq") })
	info("somebody else's id", func(i *tmp2p.DefaultNodeInfo) { i.DefaultNodeID = strings.Repeat("a", 40) })
	info("the id of the node itself", func(i *tmp2p.DefaultNodeInfo) { i.DefaultNodeID = v.node.ID })
	info("an id in capitals", func(i *tmp2p.DefaultNodeInfo) { i.DefaultNodeID = strings.ToUpper(i.DefaultNodeID) })
	info("no id", func(i *tmp2p.DefaultNodeInfo) { i.DefaultNodeID = "" })
	info("no address", func(i *tmp2p.DefaultNodeInfo) { i.ListenAddr = "" })
	info("an address that is none", func(i *tmp2p.DefaultNodeInfo) { i.ListenAddr = "tcp://127.0.0.1:99999" })
	info("a moniker of blanks", func(i *tmp2p.DefaultNodeInfo) { i.Moniker = "   " })
	info("a moniker that is not ASCII", func(i *tmp2p.DefaultNodeInfo) { i.Moniker = "m\u00f6" })
	info("a moniker with control characters", func(i *tmp2p.DefaultNodeInfo) { i.Moniker = "m\x1b[31m\n" })
	info("a version that is not ASCII", func(i *tmp2p.DefaultNodeInfo) { i.Version = "\u00fc" })
	info("tx_index perhaps", func(i *tmp2p.DefaultNodeInfo) { i.Other.TxIndex = "perhaps" })
	v.run(t, ways)
}
