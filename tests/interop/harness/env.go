// SPDX-License-Identifier: Apache-2.0

// Package harness runs nodes, feeds them, reads them and compares them. The node under test is whatever program
// TETRAD names: it is handled by CometBFT's own commands, files, flags and environment and by nothing else.
package harness

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Env is what one run of the suite shares: the two programs, a folder, a seed.
type Env struct {
	Tetrad   string // the program under test
	Comet    string // the unmodified cometbft
	Dir      string // everything that is written goes here
	Seed     int64
	StandIn  bool // the program under test is cometbft itself: what only tetrad promises is not asked
	TetradV  string
	CometV   string
	started  time.Time
	keep     bool
	cleanups []func()
	nodes    []*Node
	mu       sync.Mutex
}

// NewEnv reads TETRAD and COMETBFT (paths), SEED and KEEP. KEEP=1 leaves the folder behind.
func NewEnv() (*Env, error) {
	e := &Env{started: time.Now(), keep: os.Getenv("KEEP") == "1"}
	var err error
	if e.Tetrad, e.TetradV, err = program("TETRAD"); err != nil {
		return nil, err
	}
	if e.Comet, e.CometV, err = program("COMETBFT"); err != nil {
		return nil, err
	}
	e.StandIn = e.TetradV == e.CometV
	e.Seed = time.Now().UnixNano() % 1_000_000
	if text := os.Getenv("SEED"); text != "" {
		if e.Seed, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("SEED: %w", err)
		}
	}
	if e.Dir, err = os.MkdirTemp("", "interop-"); err != nil {
		return nil, err
	}
	Say("seed %d; node under test: %s %s; beside it: cometbft %s", e.Seed, filepath.Base(e.Tetrad), e.TetradV, e.CometV)
	if e.StandIn {
		Say("the node under test is cometbft itself: what only tetrad promises is not asked of it")
	}
	return e, nil
}

func program(variable string) (path, version string, err error) {
	path = os.Getenv(variable)
	if path == "" {
		return "", "", fmt.Errorf("%s is not set: it is the path of a program", variable)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", "", err
	}
	out, err := exec.Command(path, "version").CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("%s version: %w: %s", path, err, out)
	}
	return path, strings.TrimSpace(string(out)), nil
}

// Rand is a stream of its own, so that scenarios run alone see the same choices as in the whole suite.
func (e *Env) Rand(name string) *rand.Rand {
	sum := e.Seed
	for _, c := range name {
		sum = sum*31 + int64(c)
	}
	return rand.New(rand.NewSource(sum))
}

// AtEnd registers what ends something. Called in reverse order by Close.
func (e *Env) AtEnd(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cleanups = append(e.cleanups, f)
}

// namesSomebody says whether a line of log is about a node of this run.
func (e *Env) namesSomebody(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, n := range e.nodes {
		if n.isNamedIn(text) {
			return true
		}
	}
	return false
}

func (e *Env) tested() (nodes []*Node) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, n := range e.nodes {
		if n.Tested {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// Close ends every process and removes the folder.
func (e *Env) Close() {
	ending.Store(true)
	e.mu.Lock()
	cleanups := e.cleanups
	e.cleanups = nil
	e.mu.Unlock()
	for i := len(cleanups) - 1; i >= 0; i-- {
		cleanups[i]()
	}
	if e.keep {
		Say("kept: %s", e.Dir)
		return
	}
	if err := os.RemoveAll(e.Dir); err != nil {
		Say("%v", err)
	}
}

// TetradOnly says whether to ask what CometBFT does not promise.
func (e *Env) TetradOnly(t testing.TB, what string) bool {
	t.Helper()
	if e.StandIn {
		t.Logf("not asked of cometbft: %s", what)
		return false
	}
	return true
}

var suiteStarted = time.Now()

// Say prints one line of progress with the time since the start.
func Say(format string, args ...any) {
	fmt.Printf("[%6.1f] %s\n", time.Since(suiteStarted).Seconds(), fmt.Sprintf(format, args...))
}
