// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What a connection that was cut looks like from the other end. Only near the time of a kill or a stop does it explain
// a line of error; at any other time it is a finding too.
var cutConnection = regexp.MustCompile(
	`EOF|connection reset by peer|broken pipe|use of closed network connection|connection refused|duplicate (ID|CONN)|SendTimeout`)

// A handshake that fails is told at level info, because anybody on the internet can cause it. Here only nodes under test
// are there to cause it.
var rejections = [][]byte{[]byte("Inbound Peer rejected"), []byte("Ignoring inbound connection")}

// CometBFT asks two peers for the last blocks. It counts the request as open for ever where ours was not the first answer, or where it
// went over to consensus meanwhile: it complains of the late answer, and 15 s later of none. It says so of its own kind as well, soon
// after a start, which is when it leaves block sync. That a node does answer is what the scenario serve asks, where nobody else could.
var secondOfTwo = regexp.MustCompile(`peer did not send us anything|got an already committed block`)

// Where no other request to that peer is open, it takes the late answer for one that nobody asked for: its FilterMsgBytes makes no
// difference between the two. It drops the peer and dials it again, in vain until the peer has seen that the old connection is gone.
var takenForUnsolicited = regexp.MustCompile(`unsolicited BlockResponse from peer`)

const secondsOfBlockSync = 40 * time.Second

type logLine struct {
	Message string    `json:"_msg"`
	Level   string    `json:"level"`
	Module  string    `json:"module"`
	Time    time.Time `json:"ts"`
	text    string
}

// CheckLogs reads what CometBFT nodes logged since the last check, and fails for each line of level error, and each
// refused handshake, that is about a node under test or about nobody known, unless a kill explains it.
func CheckLogs(t testing.TB, observers []*Node) {
	t.Helper()
	for _, observer := range observers {
		if observer.Tested {
			t.Fatalf("%s is no CometBFT node: its log is not judged", observer.Name)
		}
		if observer.Process() == nil {
			continue
		}
		tested := observer.env.tested()
		lines, err := observer.newLines()
		if err != nil {
			t.Fatal(err)
		}
		var bad []string
		for _, line := range lines {
			if verdict := judge(line, observer, tested); verdict != "" {
				bad = append(bad, fmt.Sprintf("    %s: %s", verdict, clip(line.text)))
			}
		}
		if len(bad) > 0 {
			shown := bad
			if len(shown) > 10 {
				shown = shown[:10]
			}
			t.Errorf("%s logged %d lines of error:\n%s", observer.Name, len(bad), strings.Join(shown, "\n"))
		}
	}
}

// judge returns why a line is a finding, or nothing.
func judge(line logLine, observer *Node, tested []*Node) string {
	for _, n := range tested {
		if !n.isNamedIn(line.text) {
			continue
		}
		if n.wasDown(line.Time) && cutConnection.MatchString(line.text) || observer.wasDown(line.Time) {
			return ""
		}
		if observer.hasJustStarted(line.Time) {
			if takenForUnsolicited.MatchString(line.text) {
				n.addBreak(Break{line.Time, line.Time.Add(time.Second)})
				return ""
			}
			if line.Module == "blocksync" && secondOfTwo.MatchString(line.text) {
				return ""
			}
		}
		return "about " + n.Name
	}
	if observer.env.namesSomebody(line.text) || observer.wasDown(line.Time) {
		return ""
	}
	// Nobody is named: a handshake that broke, if one of the nodes under test was killed just then.
	for _, n := range tested {
		if n.wasDown(line.Time) && cutConnection.MatchString(line.text) {
			return ""
		}
	}
	return "about nobody known"
}

func (n *Node) isNamedIn(text string) bool {
	if strings.Contains(text, n.ID) {
		return true
	}
	address := fmt.Sprintf("127.0.0.1:%d", n.P2PPort)
	at := strings.Index(text, address)
	if at < 0 {
		return false
	}
	end := at + len(address)
	return end == len(text) || text[end] < '0' || text[end] > '9'
}

func (n *Node) hasJustStarted(at time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, start := range n.starts {
		if at.After(start) && at.Before(start.Add(secondsOfBlockSync)) {
			return true
		}
	}
	return false
}

func (n *Node) wasDown(at time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, b := range n.breaks {
		if at.After(b.From) && at.Before(b.To) {
			return true
		}
	}
	return false
}

// newLines are the remarkable lines after those that an earlier call returned.
func (n *Node) newLines() ([]logLine, error) {
	file, err := os.Open(n.LogPath)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := file.Seek(n.logRead, io.SeekStart); err != nil {
		return nil, err
	}
	var lines []logLine
	reader := bufio.NewReaderSize(file, 1<<20)
	for {
		raw, err := reader.ReadBytes('\n')
		if err == io.EOF {
			return lines, nil // a line that is still being written is read the next time
		}
		if err != nil {
			return nil, err
		}
		n.logRead += int64(len(raw))
		if line, remarkable := parseLine(bytes.TrimSpace(raw)); remarkable {
			lines = append(lines, line)
		}
	}
}

func parseLine(raw []byte) (logLine, bool) {
	line := logLine{text: string(raw)}
	if len(raw) == 0 {
		return line, false
	}
	if err := json.Unmarshal(raw, &line); err != nil {
		// A panic's trace is not JSON, and nothing else is printed here.
		line.Level, line.Time = "error", time.Now()
		return line, true
	}
	if line.Level == "error" {
		return line, line.Module != "rpc-server" // that is about us, who ask it strange things
	}
	for _, rejection := range rejections {
		if bytes.Contains(raw, rejection) {
			return line, true
		}
	}
	return line, false
}
