// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"tetrad/tests/interop/harness"
)

// bench measures the node under test beside CometBFT: the same chain, the same server, the same machine, turn by turn. The
// figures of one run compare with each other; those of two runs do not.
func bench(t *testing.T) {
	blocks, rounds := number(t, "BLOCKS", 2000), number(t, "ROUNDS", 5)
	net := benchNetwork(t, blocks)
	tip := net.Halt(t)
	for _, v := range net.Validators[1:] {
		v.Stop(t) // one of them serves; the others would only take processor time
	}
	survey := harness.SurveyChain(t, net.Validators[0], net.InitialHeight, tip)
	harness.Say("%v; load of the machine %s", survey, load())

	b := &benchmark{net: net, tip: tip, last: map[string]*harness.Node{}}
	results := map[string][]run{}
	for round := int64(0); round < rounds; round++ {
		for i := int64(0); i < 2; i++ { // who goes first changes
			kind := kinds[(round+i)%2]
			r := b.sync(t, net.Validators[0], kind, fmt.Sprintf("%s-%d", kind, round))
			results[kind] = append(results[kind], r)
			harness.Say("  round %d, %-8s %v; load %s", round+1, kind, r, load())
		}
	}
	harness.Say("sync of %d blocks from CometBFT, medians of %d rounds:", tip-2, rounds)
	report([]column{
		{"blocks/s", func(r run) float64 { return r.rate }, "%.0f"},
		{"ms of CPU a block", func(r run) float64 { return r.cpu }, "%.3f"},
		{"seconds from the start", func(r run) float64 { return r.seconds }, "%.1f"},
		{"MiB of memory at most", func(r run) float64 { return r.memory }, "%.0f"},
	}, results)
	b.requests(t, number(t, "REQUESTS", 5000), min(rounds, 3))
}

var kinds = []string{"tetrad", "cometbft"}

// number is a setting from the environment.
func number(t *testing.T, name string, usual int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value <= 0 {
		t.Fatalf("%s: %q is no number of use", name, text)
	}
	return value
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// benchNetwork makes a chain of four signatures a block and some ten transactions, as fast as CometBFT does.
func benchNetwork(t *testing.T, blocks int64) *fixture {
	t.Helper()
	net := &fixture{Network: env.NewNetwork(t, "bench", harness.NetworkOptions{Validators: 4, Settings: map[string]string{
		"log_level":                            `"error"`,
		"consensus.timeout_commit":             `"0s"`,
		"consensus.skip_timeout_commit":        "true",
		"consensus.peer_gossip_sleep_duration": `"2ms"`,
		"p2p.flush_throttle_timeout":           `"1ms"`,
		"p2p.send_rate":                        "512000000",
		"p2p.recv_rate":                        "512000000",
	}})}
	net.Start(t)
	net.FeedLoad(10)
	harness.Say("making %d blocks", blocks)
	net.WaitHeight(t, blocks)
	return net
}

// run is one synchronisation.
type run struct{ rate, cpu, seconds, memory float64 }

func (r run) String() string {
	return fmt.Sprintf("%6.0f blocks/s, %6.3f ms of CPU a block, %5.1f s from the start, %4.0f MiB", r.rate, r.cpu, r.seconds, r.memory)
}

type benchmark struct {
	net  *fixture
	tip  int64
	last map[string]*harness.Node // of each kind, with the whole chain
}

// sync starts an empty node and takes the time until it has the chain. The rate counts from the first block: CometBFT waits
// three seconds before it asks for one.
func (b *benchmark) sync(t *testing.T, server *harness.Node, kind, name string) run {
	t.Helper()
	node := b.net.NewFullNode(t, name, harness.Options{
		Tested: kind == "tetrad", App: "kvstore", Peers: []*harness.Node{server},
		Settings: map[string]string{"log_level": `"error"`, "p2p.send_rate": "512000000", "p2p.recv_rate": "512000000"},
	})
	target := b.tip - 2
	begin := time.Now()
	node.Launch(t)
	var first time.Time
	var from int64
	for {
		height := node.Height()
		if height > 0 && first.IsZero() {
			first, from = time.Now(), height
		}
		if height >= target {
			break
		}
		node.MustRun(t)
		if time.Since(begin) > 10*time.Minute {
			t.Fatalf("%s is at %d of %d after ten minutes", name, height, target)
		}
		time.Sleep(20 * time.Millisecond)
	}
	end := time.Now()
	cpu, err := harness.CPUOf(node.PID())
	if err != nil {
		t.Fatal(err)
	}
	_, memory, err := harness.MemoryOf(node.PID())
	if err != nil {
		t.Fatal(err)
	}
	node.Stop(t)
	b.last[kind] = node
	return run{
		rate:    float64(target-from) / end.Sub(first).Seconds(),
		cpu:     float64(cpu.Microseconds()) / 1000 / float64(target),
		seconds: end.Sub(begin).Seconds(),
		memory:  float64(memory) / (1 << 20),
	}
}

type column struct {
	name   string
	value  func(run) float64
	format string
}

// report prints medians, the extremes, and the ratio of the two kinds.
func report(columns []column, results map[string][]run) {
	for _, c := range columns {
		var middle [2]float64
		line := fmt.Sprintf("  %-26s", c.name)
		for i, kind := range kinds {
			values := make([]float64, 0, len(results[kind]))
			for _, r := range results[kind] {
				values = append(values, c.value(r))
			}
			sort.Float64s(values)
			middle[i] = median(values)
			line += fmt.Sprintf("  %s "+c.format+" ("+c.format+" to "+c.format+")", kind, middle[i], values[0], values[len(values)-1])
		}
		harness.Say("%s  ratio %.2f", line, middle[0]/middle[1])
	}
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// requests measures the processor time of the node for one answer, turn by turn, on nodes that have nothing else to do. What
// they use while nobody asks is taken off.
func (b *benchmark) requests(t *testing.T, count, rounds int64) {
	for _, kind := range kinds {
		node := b.last[kind]
		node.Set(t, map[string]string{"p2p.persistent_peers": `""`})
		node.Start(t)
	}
	middle := strconv.FormatInt(b.tip/2, 10)
	for _, question := range []struct {
		method string
		params harness.Params
	}{{"status", nil}, {"block", harness.Params{"height": middle}}, {"validators", harness.Params{"height": middle}},
		{"block_results", harness.Params{"height": middle}}} {
		results := map[string][]run{}
		for round := int64(0); round < rounds; round++ {
			for i := int64(0); i < 2; i++ {
				kind := kinds[(round+i)%2]
				node := b.last[kind]
				idle := spent(t, node, func() { time.Sleep(2 * time.Second) })
				begin := time.Now()
				used := spent(t, node, func() {
					for n := int64(0); n < count; n++ {
						node.Ask(t, nil, question.method, question.params)
					}
				})
				took := time.Since(begin)
				used -= time.Duration(float64(idle) * took.Seconds() / 2)
				results[kind] = append(results[kind], run{
					cpu: float64(used.Nanoseconds()) / 1000 / float64(count), rate: float64(count) / took.Seconds(),
				})
			}
		}
		harness.Say("%d requests for %s on one connection, medians of %d rounds:", count, question.method, rounds)
		report([]column{
			{"us of CPU a request", func(r run) float64 { return r.cpu }, "%.1f"},
			{"requests/s", func(r run) float64 { return r.rate }, "%.0f"},
		}, results)
	}
	for _, kind := range kinds {
		b.last[kind].Stop(t)
	}
}

func spent(t *testing.T, node *harness.Node, do func()) time.Duration {
	t.Helper()
	before, err := harness.CPUOf(node.PID())
	if err != nil {
		t.Fatal(err)
	}
	do()
	after, err := harness.CPUOf(node.PID())
	if err != nil {
		t.Fatal(err)
	}
	return after - before
}
