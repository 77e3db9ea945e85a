// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Node is one home directory, the ports it listens on, and the program that runs there, if it runs.
type Node struct {
	Name    string
	Tested  bool // the program under test runs here, not cometbft
	Binary  string
	Home    string
	ID      string
	P2PPort int
	RPCPort int
	App     string
	LogPath string

	env  *Env
	proc *Process

	mu     sync.Mutex
	breaks []Break     // when this node was ended on purpose, or dropped without a fault of its own, for the check of its peers' logs
	starts []time.Time // and when it was started

	logRead int64 // how far the check of logs has read
}

// Break is a time in which a node was down, or a peer may still have been noticing that it was.
type Break struct{ From, To time.Time }

// Options of a new home.
type Options struct {
	Tested   bool              // which of the two programs
	App      string            // proxy_app; persistent_kvstore unless said
	Peers    []*Node           // persistent peers
	Settings map[string]string // further keys of config.toml
}

// NewNode makes a home with the program's own `init`, and points it at a genesis, peers and free ports.
func (e *Env) NewNode(t testing.TB, name string, genesis []byte, options Options) *Node {
	t.Helper()
	n := &Node{
		Name: name, Tested: options.Tested, Binary: e.Comet, Home: filepath.Join(e.Dir, name), LogPath: filepath.Join(e.Dir, name+".log"),
		P2PPort: FreePort(), RPCPort: FreePort(), App: options.App, env: e,
	}
	if n.Tested {
		n.Binary = e.Tetrad
	}
	if n.App == "" {
		n.App = "persistent_kvstore"
	}
	n.command(t, "init")
	n.ID = strings.TrimSpace(n.command(t, "show-node-id"))
	if len(n.ID) != 40 {
		t.Fatalf("%s: show-node-id says %q", name, n.ID)
	}
	if genesis != nil {
		if err := os.WriteFile(n.Path("config/genesis.json"), genesis, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings := map[string]string{
		"proxy_app": quoted(n.App), "moniker": quoted(name), "log_level": quoted("info"),
		"rpc.laddr": quoted(fmt.Sprintf("tcp://127.0.0.1:%d", n.RPCPort)),
		"p2p.laddr": quoted(fmt.Sprintf("tcp://127.0.0.1:%d", n.P2PPort)),
		// Everybody lives at one address here.
		"p2p.allow_duplicate_ip": "true", "p2p.addr_book_strict": "false", "p2p.pex": "false",
		"p2p.persistent_peers": quoted(Addresses(options.Peers)),
	}
	if !n.Tested {
		settings["log_format"] = quoted("json") // the check of logs reads it
	}
	if n.Tested && e.StandIn {
		// CometBFT cannot follow blocks this fast with the gossip that it ships with.
		settings["consensus.peer_gossip_sleep_duration"] = quoted("10ms")
		settings["p2p.flush_throttle_timeout"] = quoted("10ms")
	}
	for key, value := range options.Settings {
		settings[key] = value
	}
	n.Set(t, settings)
	e.AtEnd(n.KillQuietly)
	e.mu.Lock()
	e.nodes = append(e.nodes, n)
	e.mu.Unlock()
	return n
}

// command runs a command that must work and returns what it prints to stdout.
func (n *Node) command(t testing.TB, args ...string) string {
	t.Helper()
	out, errs, code, err := Run(20*time.Second, nil, n.Binary, append([]string{"--home", n.Home}, args...)...)
	if err != nil || code != 0 {
		t.Fatalf("%s: %s exits with %d (%v)\n%s%s", n.Name, strings.Join(args, " "), code, err, out, errs)
	}
	return out
}

// Set changes config.toml. A running node does not notice.
func (n *Node) Set(t testing.TB, settings map[string]string) {
	t.Helper()
	if err := EditTOML(n.Path("config/config.toml"), settings); err != nil {
		t.Fatalf("%s: %v", n.Name, err)
	}
}

// Path of a file in the home.
func (n *Node) Path(relative string) string { return filepath.Join(n.Home, relative) }

// Address is what peers dial.
func (n *Node) Address() string { return fmt.Sprintf("%s@127.0.0.1:%d", n.ID, n.P2PPort) }

// Addresses joins the addresses of nodes as config.toml wants them.
func Addresses(nodes []*Node) string {
	var all []string
	for _, n := range nodes {
		all = append(all, n.Address())
	}
	return strings.Join(all, ",")
}

// URL of its RPC.
func (n *Node) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", n.RPCPort) }

// Launch starts the program and does not wait for anything.
func (n *Node) Launch(t testing.TB, args ...string) {
	t.Helper()
	n.LaunchWith(t, nil, args...)
}

// LaunchWith is Launch with further environment variables.
func (n *Node) LaunchWith(t testing.TB, env []string, args ...string) {
	t.Helper()
	if n.Running() {
		t.Fatalf("%s already runs", n.Name)
	}
	begin := time.Now()
	proc, err := StartProcess(n.LogPath, n.env.Dir, env, n.Binary, append([]string{"start", "--home", n.Home}, args...)...)
	if err != nil {
		t.Fatalf("%s: %v", n.Name, err)
	}
	n.mu.Lock()
	n.proc = proc
	n.starts = append(n.starts, begin)
	n.mu.Unlock()
}

// Start starts the program and waits until its RPC answers.
func (n *Node) Start(t testing.TB, args ...string) {
	t.Helper()
	n.Launch(t, args...)
	n.WaitRPC(t, 40*time.Second)
}

// Process that runs or ran last.
func (n *Node) Process() *Process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc
}

// PID of the running program.
func (n *Node) PID() int { return n.Process().PID() }

// Running says whether the program runs.
func (n *Node) Running() bool {
	proc := n.Process()
	return proc != nil && proc.Running()
}

// A connection that breaks is noticed at once on the loopback; its reconnection is tried after 5 to 8 seconds.
const breakNoticed = 12 * time.Second

func (n *Node) broken(from time.Time) {
	n.addBreak(Break{from.Add(-time.Second), time.Now().Add(breakNoticed)})
}

func (n *Node) addBreak(b Break) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.breaks = append(n.breaks, b)
}

// Kill is kill -9.
func (n *Node) Kill() {
	from := time.Now()
	n.Process().Kill()
	n.broken(from)
}

// KillQuietly is for cleaning up.
func (n *Node) KillQuietly() {
	if n.Running() {
		n.Kill()
	}
}

// Stop sends SIGTERM and demands a clean exit in good time.
func (n *Node) Stop(t testing.TB) {
	t.Helper()
	from := time.Now()
	if err := n.Process().Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("%s: %v", n.Name, err)
	}
	code, err := n.Process().Wait(20 * time.Second)
	n.broken(from)
	if err != nil || code != 0 {
		n.KillQuietly()
		t.Fatalf("%s: after SIGTERM: exit code %d (%v)\n%s", n.Name, code, err, Tail(n.LogPath, 30))
	}
}

// MustRun fails the test where the node has ended by itself.
func (n *Node) MustRun(t testing.TB) {
	t.Helper()
	if !n.Running() {
		t.Fatalf("%s has ended by itself\n%s", n.Name, Tail(n.LogPath, 40))
	}
}
