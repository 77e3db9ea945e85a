// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tetrad/tests/interop/harness"
)

// rpcDifference asks the node under test and a CometBFT node at the same height of the same chain the same things, and
// demands the same answers: status, headers and body.
func rpcDifference(t *testing.T, net *fixture) {
	net.WaitHeight(t, net.InitialHeight+shortHeights)
	tip := net.Halt(t)
	settings := map[string]string{
		"mempool.broadcast":               "false", // both get the same from us and nothing from each other
		"mempool.size":                    "9",
		"rpc.timeout_broadcast_tx_commit": `"1s"`,
	}
	tested := net.NewFullNode(t, "rpc-tested", harness.Options{Tested: true, App: "kvstore", Settings: settings})
	tested.Start(t)
	height := tested.WaitHeight(t, tip, stall)
	reference := referenceAt(t, net, tested, height, settings)

	d := &difference{reference: reference, tested: tested, height: height, net: net}
	d.pickHeights(t)
	for _, group := range []struct {
		name  string
		cases []rpcCase
	}{
		{"post", d.postCases()},
		{"arguments", d.argumentCases()},
		{"envelope", d.envelopeCases()},
		{"uri", d.uriCases()},
		{"http", d.httpCases()},
		{"transactions", d.transactionCases()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				d.compare(t, c)
			}
			harness.Say("  rpc: %s: %d cases", group.name, len(group.cases))
		})
	}
	reference.Stop(t)
	tested.Stop(t)
	net.CheckLogs(t)
}

// referenceAt makes a CometBFT node that has what the node under test has, and no other peer.
func referenceAt(t *testing.T, net *fixture, tested *harness.Node, height int64, settings map[string]string) *harness.Node {
	t.Helper()
	reference := net.NewFullNode(t, "rpc-reference", harness.Options{App: "kvstore", Settings: settings})
	reference.Start(t)
	reference.WaitHeight(t, height, stall)
	reference.Stop(t)
	reference.Set(t, map[string]string{"p2p.persistent_peers": fmt.Sprintf("%q", tested.Address())})
	reference.Start(t)
	if got := reference.Height(); got != height {
		t.Fatalf("the reference is at height %d, the node under test at %d", got, height)
	}
	for _, node := range []*harness.Node{reference, tested} {
		synced := func() bool {
			status, err := node.Status()
			return err == nil && !status.SyncInfo.CatchingUp
		}
		if !harness.Until(stall, synced) {
			t.Fatalf("%s still says catching_up, at height %d where its peer has no more\n%s", node.Name, height,
				harness.Tail(node.LogPath, 20))
		}
	}
	return reference
}

// strictness says how much of two answers must be the same.
type strictness int

const (
	exact strictness = iota // every byte
	loose                   // from its first colon on the text of an error is Go's own, and may differ
	shape                   // the members in their order and the kinds of their values
	heads                   // status and headers
)

type rpcCase struct {
	name   string
	verb   string
	path   string
	body   string
	header map[string]string
	how    strictness
	option bool // a method that the node under test may not have yet
}

const noTime = "X-Server-Time false"

type answer struct {
	status int
	head   string
	body   string
}

type difference struct {
	net               *fixture
	reference, tested *harness.Node
	height            int64 // the last one of both
	busy              int64 // a height with transactions
	changed           int64 // one where validators change
	tx                []byte
	hash              []byte // of the block at busy
}

func (d *difference) compare(t *testing.T, c rpcCase) {
	t.Helper()
	want, err := ask(d.reference, c)
	if err != nil {
		t.Errorf("%s: CometBFT: %v", c.name, err)
		return
	}
	got, err := ask(d.tested, c)
	d.tested.MustRun(t)
	if err != nil {
		t.Errorf("%s: %v, where CometBFT answers %.200s", c.name, err, want.body)
		return
	}
	if c.option && strings.Contains(got.body, "Method not found") && !strings.Contains(want.body, "Method not found") {
		t.Logf("%s: not there yet", c.name)
		return
	}
	// CometBFT's outermost answers lack the time; that is no promise.
	head := got.head
	if strings.Contains(want.head, noTime) {
		head = strings.Replace(head, "X-Server-Time true", noTime, 1)
	}
	if want.status != got.status || want.head != head {
		t.Errorf("%s:\n    expected HTTP %d, %s\n    got      HTTP %d, %s\n    %.300s", c.name, want.status, want.head, got.status,
			got.head, got.body)
		return
	}
	x, y := d.argued(c, want.body), got.body
	switch c.how {
	case heads:
		return
	case loose:
		x, y = cutGoText(x), cutGoText(y)
	case shape:
		x, y = shapeOf(t, c.name, x), shapeOf(t, c.name, y)
	}
	x, y = d.neutral(x), d.neutral(y)
	if x != y {
		t.Errorf("%s:\n%s", c.name, harness.Difference([]byte(x), []byte(y)))
	}
}

// Differences that stay, each with its reason.
var arguedDifferences = []struct{ name, comet, tested string }{
	// A Go slice that is empty and one that is not there are two things, which only an application in the same process can tell
	// apart: over a socket CometBFT says null here too.
	{`abci_query {"path":"/key","data":""}`, `"key":""`, `"key":null`},
}

func (d *difference) argued(c rpcCase, body string) string {
	for _, a := range arguedDifferences {
		if a.name == c.name && !env.StandIn {
			body = strings.Replace(body, a.comet, a.tested, 1)
		}
	}
	return body
}

func ask(n *harness.Node, c rpcCase) (answer, error) {
	verb := c.verb
	if verb == "" {
		verb = http.MethodPost
	}
	request, err := http.NewRequest(verb, n.URL()+c.path, strings.NewReader(c.body))
	if err != nil {
		return answer{}, err
	}
	if verb == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	for key, value := range c.header {
		request.Header.Set(key, value)
	}
	client := http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	reply, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	heads := fmt.Sprintf("Content-Type %q, Cache-Control %q, X-Server-Time %v, Allow %q, Location %q", reply.Header.Get("Content-Type"),
		reply.Header.Get("Cache-Control"), reply.Header.Get("X-Server-Time") != "", reply.Header.Get("Allow"), reply.Header.Get("Location"))
	if reply.StatusCode == http.StatusMovedPermanently { // as Go redirects before 1.26
		reply.StatusCode = http.StatusTemporaryRedirect
		body = bytes.Replace(body, []byte("Moved Permanently"), []byte("Temporary Redirect"), 1)
	}
	return answer{reply.StatusCode, heads, string(body)}, err
}

// What is a node's own: names, addresses, keys and the version after 0.38.
var own = []struct {
	pattern *regexp.Regexp
	neutral string
}{
	{regexp.MustCompile(`"id":"[0-9a-f]{40}"`), `"id":"ID"`},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
	{regexp.MustCompile(`"moniker":"[^"]*"`), `"moniker":"NAME"`},
	{regexp.MustCompile(`"version":"0\.38\.[^"]*"`), `"version":"0.38"`},
	// A reference that was rolled back has forgotten the application's version.
	{regexp.MustCompile(`"app":"\d+"`), `"app":"APP"`},
	{regexp.MustCompile(`"channels":"[0-9A-F]*"`), `"channels":"CHANNELS"`},
	{regexp.MustCompile(`"validator_info":\{"address":"[0-9A-F]{40}","pub_key":\{"type":"([^"]*)","value":"[^"]*"\}`),
		`"validator_info":{"address":"ADDRESS","pub_key":{"type":"$1","value":"KEY"}`},
}

func (d *difference) neutral(body string) string {
	if !strings.Contains(body, `"node_info"`) {
		return body
	}
	for _, o := range own {
		body = o.pattern.ReplaceAllString(body, o.neutral)
	}
	return body
}

var goText = regexp.MustCompile(`("data":"[^":]*):(?:[^"\\]|\\.)*"`)

func cutGoText(body string) string { return goText.ReplaceAllString(body, `$1"`) }

func shapeOf(t *testing.T, name, body string) string {
	t.Helper()
	text, err := harness.Shape([]byte(body))
	if err != nil {
		t.Errorf("%s: %v in %.200s", name, err, body)
	}
	return text
}

// pickHeights finds heights that have something to show.
func (d *difference) pickHeights(t *testing.T) {
	t.Helper()
	for height := d.height - 1; height > d.net.InitialHeight+2 && (d.busy == 0 || d.changed == 0); height-- {
		result, err := d.reference.Call("block_results", harness.AtHeight(height))
		if err != nil {
			t.Fatal(err)
		}
		if d.busy == 0 && len(txsOf(t, d.reference, height)) > 1 {
			d.busy = height
		}
		if !bytes.Contains(result, []byte(`"validator_updates":null`)) && !bytes.Contains(result, []byte(`"validator_updates":[]`)) {
			d.changed = height
		}
	}
	if d.busy == 0 || d.changed == 0 {
		t.Fatalf("no height with transactions (%d) or with a change of validators (%d) up to %d", d.busy, d.changed, d.height)
	}
	var block struct {
		Block struct {
			Data struct {
				Txs [][]byte `json:"txs"`
			} `json:"data"`
		} `json:"block"`
	}
	d.reference.Ask(t, &block, "block", harness.AtHeight(d.busy))
	d.tx = block.Block.Data.Txs[1]
	d.hash = blockHash(t, d.reference, d.busy)
}
