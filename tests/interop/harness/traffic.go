// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand"
	"time"

	"github.com/cometbft/cometbft/abci/example/kvstore"
	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cryptoenc "github.com/cometbft/cometbft/crypto/encoding"
	"github.com/cometbft/cometbft/crypto/secp256k1"
)

// Traffic makes every height different from the one before: transactions of many sizes, some so large that the block has
// several parts, a change of the validator set every changeEvery heights, and evidence of a double vote. It can be stopped
// and goes on where it was.
type Traffic struct {
	net    *Network
	random *rand.Rand
	cancel context.CancelFunc // nil while it stands
	done   chan struct{}

	sent   int
	step   int
	ghosts map[string]crypto.PubKey
}

const (
	sendEvery   = 30 * time.Millisecond
	changeEvery = 40 // heights between two changes of validators
	largeEvery  = 25 // heights between two blocks of several parts
)

func newTraffic(net *Network) *Traffic {
	return &Traffic{net: net, random: net.env.Rand("traffic-" + net.Name), ghosts: map[string]crypto.PubKey{}}
}

func (tr *Traffic) start(what func(ctx context.Context)) {
	if tr.cancel != nil {
		return
	}
	var ctx context.Context
	ctx, tr.cancel = context.WithCancel(context.Background())
	tr.done = make(chan struct{})
	go what(ctx)
}

func (tr *Traffic) stop() {
	if tr.cancel == nil {
		return
	}
	tr.cancel()
	<-tr.done
	tr.cancel = nil
}

// load sends `perBlock` transactions of 256 bytes for each new block, and nothing else. It is for measurements, where every
// block shall be like every other.
func (tr *Traffic) load(ctx context.Context, perBlock int) {
	defer close(tr.done)
	first := tr.net.Validators[0]
	last := int64(-1)
	for ctx.Err() == nil {
		height := first.Height()
		if height == last {
			time.Sleep(2 * time.Millisecond)
			continue
		}
		last = height
		for i := 0; i < perBlock; i++ {
			head := fmt.Sprintf("load-%d=", tr.sent)
			tx := []byte(head + tr.text(256-len(head)))
			// Where one is down another takes it: a chain that makes no empty blocks stands still when all of a block's are lost.
			for !tr.send(tx) && ctx.Err() == nil {
				time.Sleep(2 * time.Millisecond)
			}
		}
	}
}

// run sends a transaction at each tick, several a block, and what is due at certain heights. Errors are not its business:
// who waits for heights notices that there are none.
func (tr *Traffic) run(ctx context.Context) {
	defer close(tr.done)
	first := tr.net.Validators[0]
	last := first.Height()
	ticker := time.NewTicker(sendEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		tr.send([]byte(fmt.Sprintf("key-%d=%s", tr.sent, tr.text(1+tr.random.Intn(150)))))
		height := first.Height()
		if height <= last {
			continue
		}
		if crossed(last, height, largeEvery) {
			tr.send([]byte(fmt.Sprintf("large-%d=%s", tr.sent, tr.text(60_000+tr.random.Intn(90_000)))))
		}
		if crossed(last, height, changeEvery) {
			tr.change()
		}
		last = height
	}
}

func crossed(from, to, every int64) bool { return from/every != to/every }

func (tr *Traffic) text(length int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789 <>&\"'"
	text := make([]byte, length)
	for i := range text {
		text[i] = letters[tr.random.Intn(len(letters))]
	}
	return string(text)
}

// send gives a transaction to one of the validators, and says whether that one answers, be it with a refusal.
func (tr *Traffic) send(tx []byte) bool {
	tr.sent++
	to := tr.net.Validators[tr.random.Intn(len(tr.net.Validators))]
	_, err := to.Call("broadcast_tx_sync", Params{"tx": base64.StdEncoding.EncodeToString(tx)})
	var refused *RPCError
	return err == nil || errors.As(err, &refused)
}

// change is the next of a round of changes. The validators that run keep more than two thirds through all of them.
func (tr *Traffic) change() {
	var steps []func()
	if len(tr.net.Validators) == 1 {
		steps = []func(){
			func() { tr.ghost("a", ed25519.GenPrivKey().PubKey(), 1) },
			func() { tr.power(0, 30) },
			func() { tr.ghost("b", secp256k1.GenPrivKey().PubKey(), 2) },
			func() { tr.ghost("a", nil, 2) },
			func() { tr.ghost("a", nil, 0) },
			func() { tr.power(0, 12) },
			func() { tr.ghost("b", nil, 0) },
		}
	} else {
		steps = []func(){
			func() { tr.ghost("a", ed25519.GenPrivKey().PubKey(), 3) },
			func() { tr.power(3, 6) },
			func() { tr.doubleVote(2) },
			func() { tr.power(3, 0) },
			func() { tr.ghost("a", nil, 1) },
			func() { tr.power(3, 10) },
			func() { tr.ghost("a", nil, 0) },
			func() { tr.power(2, 10) },
		}
	}
	steps[tr.step%len(steps)]()
	tr.step++
}

// ghost is a validator that nobody runs.
func (tr *Traffic) ghost(name string, key crypto.PubKey, power int64) {
	if key != nil {
		tr.ghosts[name] = key
	}
	tr.validator(tr.ghosts[name], power)
}

func (tr *Traffic) power(index int, power int64) { tr.validator(tr.net.Keys[index].PubKey(), power) }

func (tr *Traffic) validator(key crypto.PubKey, power int64) {
	encoded, err := cryptoenc.PubKeyToProto(key)
	if err != nil {
		panic(err)
	}
	tr.send(kvstore.MakeValSetChangeTx(encoded, power))
}

// doubleVote has a validator precommit two blocks at one height, which costs it a unit of power.
func (tr *Traffic) doubleVote(index int) {
	evidence, err := tr.net.DoubleVote(index, tr.net.Height()-5)
	if err != nil {
		return
	}
	_, _ = tr.net.Validators[0].Accuse(evidence)
}
