// SPDX-License-Identifier: Apache-2.0

// The scenarios, in the order in which they run. Each can be run alone by its name: `tests/interop/run sync serve`.
// They share two networks, which are started by the first that needs them and make blocks until one halts them. Those that wait more
// than they work, and need nothing of the others but a chain at rest, are parallel: they run when all others are done.
package interop

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"tetrad/tests/interop/harness"
)

var env *harness.Env

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if env, err = harness.NewEnv(); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		env.Close()
		os.Exit(130)
	}()
	code := m.Run()
	env.Close()
	os.Exit(code)
}

const (
	syncHeights   = 500 // made before the node under test joins
	followHeights = 100 // made while it follows
	shortHeights  = 60  // for scenarios that need some chain, when they run alone
)

func TestSync(t *testing.T) {
	// Both chains grow at the same time.
	one, four := network(t, "one"), network(t, "four")
	for _, net := range []*fixture{one, four} {
		net.WaitHeight(t, net.InitialHeight+syncHeights)
		net.StopTraffic()
	}
	t.Run("one", func(t *testing.T) { syncAndFollow(t, one) })
	t.Run("four", func(t *testing.T) { syncAndFollow(t, four) })
}

func TestKill(t *testing.T) {
	t.Run("persistent", func(t *testing.T) { killed(t, network(t, "four"), "persistent_kvstore") })
	// The application in memory gets all blocks again at each start.
	t.Run("in_memory", func(t *testing.T) { killed(t, network(t, "one"), "kvstore") })
}

func TestCrash(t *testing.T) { crashed(t, network(t, "four")) }

func TestValidators(t *testing.T) {
	t.Parallel()
	t.Run("two_and_two", func(t *testing.T) { mixed(t, 2) })
	t.Run("three_and_one", func(t *testing.T) { mixed(t, 1) })
	t.Run("all_ours", func(t *testing.T) { mixed(t, 4) })
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	accused(t)
}

func TestServe(t *testing.T) {
	t.Run("one", func(t *testing.T) { serveAlone(t, network(t, "one")) })
	t.Run("four", func(t *testing.T) { serveAlone(t, network(t, "four")) })
}

func TestRelay(t *testing.T) { relayed(t, network(t, "four")) }

func TestVerify(t *testing.T) {
	t.Run("one", func(t *testing.T) { verifyChain(t, network(t, "one")) })
	t.Run("four", func(t *testing.T) { verifyChain(t, network(t, "four")) })
}

func TestCosmjs(t *testing.T) { cosmJS(t, network(t, "four")) }

func TestMempool(t *testing.T) { gossip(t, network(t, "four")) }

func TestRpc(t *testing.T) { rpcDifference(t, network(t, "four")) }

func TestBadinput(t *testing.T) { badInput(t, network(t, "four")) }

func TestLiars(t *testing.T) {
	t.Parallel()
	lyingPeers(t, network(t, "four"))
}

func TestCli(t *testing.T) { commandLine(t) }

func TestFiles(t *testing.T) { brokenFiles(t) }

func TestBench(t *testing.T) { bench(t) }

// fixture is a network that scenarios share, and the node under test that follows it.
type fixture struct {
	*harness.Network
	followed *harness.Node
}

var (
	fixtures     = map[string]*fixture{}
	fixtureMutex sync.Mutex
)

// network returns the shared network of one or of four validators, started and fed.
func network(t *testing.T, name string) *fixture {
	t.Helper()
	fixtureMutex.Lock()
	defer fixtureMutex.Unlock()
	if found, ok := fixtures[name]; ok {
		found.FeedTraffic()
		t.Cleanup(found.StopTraffic)
		return found
	}
	options := harness.NetworkOptions{Validators: 4, App: "persistent_kvstore"}
	if name == "one" {
		options = harness.NetworkOptions{Validators: 1, App: "kvstore", InitialHeight: 21}
	}
	made := &fixture{Network: env.NewNetwork(t, name, options)}
	made.Start(t)
	made.FeedTraffic()
	t.Cleanup(made.StopTraffic)
	fixtures[name] = made
	return made
}

// halted lets the chain stand still and returns the follower once it has what there is.
func (f *fixture) halted(t *testing.T) (node *harness.Node, height int64) {
	t.Helper()
	node = f.follower(t)
	tip := f.Halt(t)
	return node, node.WaitHeight(t, tip, stall)
}

// follower returns a node under test that has everything and follows; the first one that did, as long as it runs.
func (f *fixture) follower(t *testing.T) *harness.Node {
	t.Helper()
	if f.followed != nil && f.followed.Running() {
		return f.followed
	}
	f.WaitHeight(t, f.InitialHeight+shortHeights)
	node := f.NewFullNode(t, "follower", harness.Options{Tested: true, App: appOf(f)})
	node.Start(t)
	node.WaitHeight(t, f.Height()-1, stall)
	f.followed = node
	return node
}

// stall is how long a node may stand still on its way. Reconnecting after a kill takes CometBFT up to eight seconds.
const stall = 60 * time.Second

// The two applications have the same hashes, so the node under test runs the one that the network does not.
func appOf(f *fixture) string {
	if f.Name == "one" {
		return "persistent_kvstore"
	}
	return "kvstore"
}
