// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	testedID   = "1111111111111111111111111111111111111111"
	observerID = "2222222222222222222222222222222222222222"
	otherID    = "3333333333333333333333333333333333333333"
)

// The check of logs passes in silence, so what it has to find is planted here.
func TestLinesOfErrorAreJudged(t *testing.T) {
	killed := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	env := &Env{}
	tested := &Node{Name: "tested", Tested: true, ID: testedID, P2PPort: 20001, env: env,
		breaks: []Break{{killed.Add(-time.Second), killed.Add(5 * time.Second)}}}
	observer := &Node{Name: "observer", ID: observerID, P2PPort: 20002, env: env,
		breaks: []Break{{killed.Add(time.Hour - time.Second), killed.Add(time.Hour + time.Second)}},
		starts: []time.Time{killed.Add(30 * time.Minute)}}
	other := &Node{Name: "other", ID: otherID, P2PPort: 2000, env: env}
	env.nodes = []*Node{tested, observer, other}

	peer := func(id string) string { return fmt.Sprintf(`Peer{MConn{127.0.0.1:40000} %s in}`, id) }
	for _, c := range []struct {
		what    string
		message string
		level   string
		module  string
		fields  string
		after   time.Duration
		verdict string
	}{
		{"an error about the node", "Stopping peer for error", "error", "p2p", peer(testedID) + " EOF", time.Minute, "about tested"},
		{"the same near a kill", "Stopping peer for error", "error", "p2p", peer(testedID) + " EOF", time.Second, ""},
		{"another error near a kill", "Stopping peer for error", "error", "p2p", peer(testedID) + " wrong signature", time.Second, "about tested"},
		{"an error about its address", "Error dialing peer", "error", "p2p", "127.0.0.1:20001", time.Minute, "about tested"},
		{"an error about a longer port", "Error dialing peer", "error", "p2p", "127.0.0.1:200011", time.Minute, "about nobody known"},
		{"an error about another node", "Stopping peer for error", "error", "p2p", peer(otherID) + " EOF", time.Minute, ""},
		{"an error about nobody", "Accept on transport errored", "error", "p2p", "", time.Minute, "about nobody known"},
		{"an error of the observer's own end", "Stopped accept routine", "error", "p2p", "", time.Hour, ""},
		{"a refused handshake", "Inbound Peer rejected", "info", "p2p", "auth failure", time.Minute, "about nobody known"},
		{"a handshake broken by the kill", "Inbound Peer rejected", "info", "p2p", "secret conn failed: EOF", time.Second, ""},
		{"an answer to a strange request", "panic in RPC HTTP handler", "error", "rpc-server", "", time.Minute, ""},
		{"an answer that came second, after a start", "Failed to add block", "error", "blocksync",
			"got an already committed block #1 " + peer(testedID), 30*time.Minute + 5*time.Second, ""},
		{"an answer that came second, much later", "Failed to add block", "error", "blocksync",
			"got an already committed block #1 " + peer(testedID), 40 * time.Minute, "about tested"},
		{"an answer taken for one that nobody asked for", "MConnection panicked", "error", "p2p",
			"unsolicited BlockResponse from peer " + testedID, 30*time.Minute + 5*time.Second, ""},
		{"the connections after it", "Stopping peer for error", "error", "p2p", peer(testedID) + " EOF",
			30*time.Minute + 5500*time.Millisecond, ""},
		{"one some time after it", "Stopping peer for error", "error", "p2p", peer(testedID) + " EOF",
			30*time.Minute + 7*time.Second, "about tested"},
		{"the same, much later", "MConnection panicked", "error", "p2p",
			"unsolicited BlockResponse from peer " + testedID, 40 * time.Minute, "about tested"},
		{"news", "finalized block", "info", "state", "", time.Minute, ""},
	} {
		raw := fmt.Sprintf(`{"_msg":%q,"level":%q,"module":%q,"ts":%q,"peer":%q}`, c.message, c.level, c.module,
			killed.Add(c.after).Format(time.RFC3339Nano), c.fields)
		verdict := ""
		if line, remarkable := parseLine([]byte(raw)); remarkable {
			verdict = judge(line, observer, env.tested())
		}
		if verdict != c.verdict {
			t.Errorf("%s: %q, not %q", c.what, verdict, c.verdict)
		}
	}
}

func TestATraceInALogIsAFinding(t *testing.T) {
	env := &Env{}
	observer := &Node{Name: "observer", ID: observerID, env: env, LogPath: filepath.Join(t.TempDir(), "log")}
	text := `{"_msg":"a","level":"info"}` + "\npanic: something\n" + `{"_msg":"still being wr`
	if err := os.WriteFile(observer.LogPath, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err := observer.newLines()
	if err != nil || len(lines) != 1 || judge(lines[0], observer, nil) != "about nobody known" {
		t.Errorf("%+v, %v", lines, err)
	}
	if lines, _ = observer.newLines(); len(lines) != 0 {
		t.Errorf("read twice: %+v", lines)
	}
}

func TestADifferenceNamesItsPlace(t *testing.T) {
	for _, c := range []struct{ want, got, place string }{
		{`{"a":[1,{"b":"x"}]}`, `{"a":[1,{"b":"y"}]}`, `.a[1].b`},
		{`{"a":1}`, `{}`, `(no such member)`},
		{`{"a":[1]}`, `{"a":[1,2]}`, `.a (length)`},
		{`{"a":9007199254740993}`, `{"a":9007199254740992}`, `.a`},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, `from byte 2`},
		{`no json`, `no jsom`, `from byte 6`},
	} {
		if text := Difference([]byte(c.want), []byte(c.got)); !strings.Contains(text, c.place) {
			t.Errorf("%s and %s: %s", c.want, c.got, text)
		}
	}
}

func TestAShapeKeepsTheOrderOfMembers(t *testing.T) {
	a, err := Shape([]byte(`{"a":"12","b":[{"c":1},{"c":2}],"d":"2024-01-02T03:04:05.6Z","e":null}`))
	if want := `{"a":"digits","b":[{"c":0}],"d":"time","e":null}`; err != nil || a != want {
		t.Errorf("%s (%v), not %s", a, err, want)
	}
	b, _ := Shape([]byte(`{"b":[{"c":1}],"a":"12","d":"2024-01-02T03:04:05.6Z","e":null}`))
	if a == b {
		t.Error("another order has the same shape")
	}
	if _, err := Shape([]byte(`{"a":`)); err == nil {
		t.Error("half a text has a shape")
	}
}

func TestAKeyThatIsNotThereIsNoSetting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	text := "a = 1\n# b = 2\n[s]\na = 3\nc= \"x\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := EditTOML(path, map[string]string{"s.a": "4", "a": "5", "s.c": `"y"`}); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(path)
	if want := "a = 5\n# b = 2\n[s]\na = 4\nc = \"y\"\n"; string(got) != want {
		t.Errorf("%q, not %q", got, want)
	}
	if err := EditTOML(path, map[string]string{"b": "1"}); err == nil {
		t.Error("a comment was taken for a key")
	}
}
