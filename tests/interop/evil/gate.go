// SPDX-License-Identifier: Apache-2.0

package evil

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// Gate stands before an honest node: it lets the handshakes through and holds back all that the honest node says after
// them, until it is opened. So whoever else the other end is connected to is asked first.
type Gate struct {
	listener net.Listener
	target   string
	open     chan struct{}
	once     sync.Once
}

// The honest node's ephemeral key, the frame with its proof and the frame with its node info.
const handshakeBytes = 35 + 2*sealedSize

// NewGate listens on a loopback port and forwards to a target.
func NewGate(port int, target string) (*Gate, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	g := &Gate{listener: listener, target: target, open: make(chan struct{})}
	go g.accept()
	return g, nil
}

// Open lets everything through from now on.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

// Close takes no more connections; those that are there go on until one end closes them.
func (g *Gate) Close() { g.Open(); g.listener.Close() }

func (g *Gate) accept() {
	for {
		near, err := g.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", g.target)
		if err != nil {
			near.Close()
			continue
		}
		go func() {
			_, _ = io.Copy(far, near)
			far.Close()
			near.Close()
		}()
		go func() {
			if _, err := io.CopyN(near, far, handshakeBytes); err == nil {
				<-g.open
				_, _ = io.Copy(near, far)
			}
			far.Close()
			near.Close()
		}()
	}
}
