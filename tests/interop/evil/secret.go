// SPDX-License-Identifier: Apache-2.0

// Package evil is a peer that does everything wrong that can be done wrong, each thing at a point that the caller chooses.
// What CometBFT's own connection does is used where the mistake comes later; the handshake is written here, because
// nobody else's lets itself be broken.
package evil

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cryptoenc "github.com/cometbft/cometbft/crypto/encoding"
	"github.com/cometbft/cometbft/libs/protoio"
	tmp2p "github.com/cometbft/cometbft/proto/tendermint/p2p"
	gogotypes "github.com/cosmos/gogoproto/types"
	"github.com/oasisprotocol/curve25519-voi/primitives/merlin"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/hkdf"
)

const (
	frameData  = 1024
	frameSize  = 4 + frameData
	sealedSize = frameSize + chacha20poly1305.Overhead
)

// Secret is a secret connection before its authentication: the keys are agreed on and nobody has said who they are.
type Secret struct {
	Conn      net.Conn
	Key       ed25519.PrivKey
	Challenge [32]byte

	send, recv           cipher.AEAD
	sendNonce, recvNonce uint64
	surplus              []byte
}

// Exchange sends our ephemeral key, reads theirs and derives the keys.
func Exchange(conn net.Conn, key ed25519.PrivKey) (*Secret, error) {
	var private [32]byte
	if _, err := rand.Read(private[:]); err != nil {
		return nil, err
	}
	public, err := curve25519.X25519(private[:], curve25519.Basepoint)
	if err != nil {
		return nil, err
	}
	if err := SendEphemeral(conn, public); err != nil {
		return nil, err
	}
	var theirs gogotypes.BytesValue
	// The reader takes byte by byte: what follows is sealed already.
	if _, err := protoio.NewDelimitedReader(conn, 1024).ReadMsg(&theirs); err != nil {
		return nil, err
	}
	shared, err := curve25519.X25519(private[:], theirs.Value)
	if err != nil {
		return nil, err
	}
	least := bytes.Compare(public, theirs.Value) < 0
	lower, upper := theirs.Value, public
	if least {
		lower, upper = public, theirs.Value
	}
	s := &Secret{Conn: conn, Key: key}
	transcript := merlin.NewTranscript("TENDERMINT_SECRET_CONNECTION_TRANSCRIPT_HASH")
	transcript.AppendMessage("EPHEMERAL_LOWER_PUBLIC_KEY", lower)
	transcript.AppendMessage("EPHEMERAL_UPPER_PUBLIC_KEY", upper)
	transcript.AppendMessage("DH_SECRET", shared)
	transcript.ExtractBytes(s.Challenge[:], "SECRET_CONNECTION_MAC")

	var keys [64]byte
	info := []byte("TENDERMINT_SECRET_CONNECTION_KEY_AND_CHALLENGE_GEN")
	if _, err := io.ReadFull(hkdf.New(sha256.New, shared, nil, info), keys[:]); err != nil {
		return nil, err
	}
	receiving, sending := keys[32:], keys[:32]
	if least {
		receiving, sending = sending, receiving
	}
	if s.recv, err = chacha20poly1305.New(receiving); err != nil {
		return nil, err
	}
	s.send, err = chacha20poly1305.New(sending)
	return s, err
}

// SendEphemeral sends 32 bytes, or whatever it is given, as an ephemeral key.
func SendEphemeral(conn net.Conn, key []byte) error {
	_, err := protoio.NewDelimitedWriter(conn).WriteMsg(&gogotypes.BytesValue{Value: key})
	return err
}

func nonce(counter uint64) []byte {
	var n [chacha20poly1305.NonceSize]byte
	binary.LittleEndian.PutUint64(n[4:], counter)
	return n[:]
}

// Frame seals one frame that claims to hold `length` bytes.
func (s *Secret) Frame(length uint32, data []byte) []byte {
	var frame [frameSize]byte
	binary.LittleEndian.PutUint32(frame[:4], length)
	copy(frame[4:], data)
	sealed := s.send.Seal(nil, nonce(s.sendNonce), frame[:], nil)
	s.sendNonce++
	return sealed
}

// Write sends data in as many frames as it takes.
func (s *Secret) Write(data []byte) (int, error) {
	written := 0
	for written < len(data) {
		piece := data[written:min(len(data), written+frameData)]
		if _, err := s.Conn.Write(s.Frame(uint32(len(piece)), piece)); err != nil {
			return written, err
		}
		written += len(piece)
	}
	return written, nil
}

// Read opens the next frame, or gives what is left of the last.
func (s *Secret) Read(into []byte) (int, error) {
	if len(s.surplus) == 0 {
		var sealed [sealedSize]byte
		if _, err := io.ReadFull(s.Conn, sealed[:]); err != nil {
			return 0, err
		}
		frame, err := s.recv.Open(nil, nonce(s.recvNonce), sealed[:], nil)
		if err != nil {
			return 0, err
		}
		s.recvNonce++
		length := binary.LittleEndian.Uint32(frame)
		if length > frameData {
			return 0, fmt.Errorf("a frame of %d bytes", length)
		}
		s.surplus = frame[4 : 4+length]
	}
	n := copy(into, s.surplus)
	s.surplus = s.surplus[n:]
	return n, nil
}

// Auth is the proof of who we are; a caller may spoil it before it sends it.
func (s *Secret) Auth() (*tmp2p.AuthSigMessage, error) {
	signature, err := s.Key.Sign(s.Challenge[:])
	if err != nil {
		return nil, err
	}
	public, err := cryptoenc.PubKeyToProto(s.Key.PubKey())
	return &tmp2p.AuthSigMessage{PubKey: public, Sig: signature}, err
}

// SendAuth sends a proof.
func (s *Secret) SendAuth(auth *tmp2p.AuthSigMessage) error {
	_, err := protoio.NewDelimitedWriter(s).WriteMsg(auth)
	return err
}

// ReadAuth reads theirs.
func (s *Secret) ReadAuth() (*tmp2p.AuthSigMessage, error) {
	auth := new(tmp2p.AuthSigMessage)
	_, err := protoio.NewDelimitedReader(s, 1024).ReadMsg(auth)
	return auth, err
}

// LowOrder are the encodings of points whose product with any key is zero.
var LowOrder = [][]byte{
	make([]byte, 32),
	{1, 31: 0},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
	{0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
		0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
}
