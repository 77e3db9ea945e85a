// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"

	"tetrad/tests/interop/harness"
)

// twins runs a command with both programs, each in a folder of its own, and returns the folders and what they printed.
type twins struct{ comet, tetrad string }

func (w twins) run(t *testing.T, args ...string) (comet, tetrad string) {
	t.Helper()
	for i, binary := range []string{env.Comet, env.Tetrad} {
		folder := []string{w.comet, w.tetrad}[i]
		var full []string
		for _, arg := range args {
			full = append(full, strings.ReplaceAll(arg, "FOLDER", folder))
		}
		out, errs, code, err := harness.Run(20*time.Second, nil, binary, full...)
		if err != nil || code != 0 {
			t.Fatalf("%s %s: exit code %d (%v)\n%s%s", filepath.Base(binary), strings.Join(full, " "), code, err, out, errs)
		}
		if i == 0 {
			comet = out
		} else {
			tetrad = out
		}
	}
	return comet, tetrad
}

func newTwins(name string) twins {
	return twins{filepath.Join(env.Dir, name, "comet"), filepath.Join(env.Dir, name, "tetrad")}
}

func commandLine(t *testing.T) {
	t.Run("version", cliVersion)
	t.Run("init", cliInit)
	t.Run("testnet", cliTestnet)
	t.Run("flags", cliFlags)
	t.Run("errors", cliErrors)
	t.Run("environment", cliEnvironment)
}

func cliVersion(t *testing.T) {
	comet, tetrad := newTwins("version").run(t, "version")
	if !strings.HasPrefix(tetrad, "0.38.") || strings.Count(tetrad, "\n") != 1 {
		t.Errorf("version says %q, where clients want one line that begins with 0.38. like %q", tetrad, comet)
	}
	comet, tetrad = newTwins("version").run(t, "version", "-v")
	want, err := harness.Shape([]byte(comet))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := harness.Shape([]byte(tetrad)); err != nil || got != want {
		t.Errorf("version -v: expected the form of %s, got %s (%v)", comet, tetrad, err)
	}
}

// cliInit: the same files with the same rights; each program takes the other's.
func cliInit(t *testing.T) {
	w := newTwins("init")
	_, out := w.run(t, "init", "--home", "FOLDER")
	for _, line := range []string{"Generated private validator", "Generated node key", "Generated genesis file"} {
		if !strings.Contains(out, line) {
			t.Errorf("init does not say %q: %s", line, out)
		}
	}
	same(t, "the files of init", listing(t, w.comet), listing(t, w.tetrad))
	sameConfig(t, w.comet, w.tetrad)

	var forms [2]string
	for i, home := range []string{w.comet, w.tetrad} {
		path := filepath.Join(home, genesisFile)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if forms[i], err = harness.Shape(text); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		genesis, err := types.GenesisDocFromFile(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if len(genesis.Validators) != 1 || genesis.Validators[0].Power != 10 || !strings.HasPrefix(genesis.ChainID, "test-chain-") {
			t.Errorf("%s: %d validators, chain id %q", path, len(genesis.Validators), genesis.ChainID)
		}
		readByBoth(t, home, genesis)
	}
	same(t, "the form of genesis.json", forms[0], forms[1])

	before := contents(t, w.tetrad)
	w.run(t, "init", "--home", "FOLDER")
	same(t, "the files after a second init", before, contents(t, w.tetrad))
}

// readByBoth asks both programs and CometBFT's library for the keys of one home.
func readByBoth(t *testing.T, home string, genesis *types.GenesisDoc) {
	t.Helper()
	key, err := p2p.LoadNodeKey(filepath.Join(home, nodeKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	signer := privval.LoadFilePV(filepath.Join(home, signerFile), filepath.Join(home, signedFile))
	public, err := cmtjson.Marshal(signer.Key.PubKey)
	if err != nil {
		t.Fatal(err)
	}
	if genesis != nil && !genesis.Validators[0].PubKey.Equals(signer.Key.PubKey) {
		t.Errorf("%s: the validator of the genesis is not the one of the key file", home)
	}
	for _, binary := range []string{env.Comet, env.Tetrad} {
		for command, want := range map[string]string{
			"show-node-id": string(key.ID()), "show_node_id": string(key.ID()),
			"show-validator": string(public), "show_validator": string(public),
		} {
			out, errs, code, err := harness.Run(20*time.Second, nil, binary, command, "--home", home)
			if err != nil || code != 0 || strings.TrimSpace(out) != want {
				t.Errorf("%s %s of %s: exit code %d (%v): expected %q, got %q %s", filepath.Base(binary), command, home, code, err, want, out, errs)
			}
		}
	}
}

func cliTestnet(t *testing.T) {
	for i, flags := range [][]string{
		{"--v", "3", "--n", "1"},
		{"--v", "2", "--node-dir-prefix", "member", "--hostname-prefix", "host", "--p2p-port", "30000", "--initial-height", "7"},
		{"--v", "2", "--starting-ip-address", "192.0.2.10"},
		{"--v", "2", "--populate-persistent-peers=false"},
		{"--v", "2", "--hostname", "a.example", "--hostname", "b.example"},
	} {
		w := newTwins(fmt.Sprintf("testnet-%d", i))
		comet, tetrad := w.run(t, append([]string{"testnet", "--o", "FOLDER"}, flags...)...)
		name := "testnet " + strings.Join(flags, " ")
		same(t, name+": the output", printed(comet), printed(tetrad))
		same(t, name+": the files", listing(t, w.comet), listing(t, w.tetrad))
		members, _ := filepath.Glob(filepath.Join(w.comet, "*"))
		for m, member := range members {
			other := filepath.Join(w.tetrad, filepath.Base(member))
			sameConfig(t, member, other)
			if m == 0 {
				readByBoth(t, other, nil)
			}
			ours, err := types.GenesisDocFromFile(filepath.Join(other, genesisFile))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			theirs, err := types.GenesisDocFromFile(filepath.Join(member, genesisFile))
			if err != nil {
				t.Fatal(err)
			}
			if len(ours.Validators) != len(theirs.Validators) || ours.InitialHeight != theirs.InitialHeight ||
				ours.Validators[0].Power != theirs.Validators[0].Power || ours.Validators[0].Name != theirs.Validators[0].Name {
				t.Errorf("%s: genesis: expected %+v, got %+v", name, theirs, ours)
			}
		}
	}
}

var logLine = regexp.MustCompile(`(?m)^[DIE]\[.*\n`)

// printed is the output without the log, which is on the same stream.
func printed(out string) string { return logLine.ReplaceAllString(out, "") }

// cliFlags: every flag of CometBFT's commands is there.
func cliFlags(t *testing.T) {
	flag := regexp.MustCompile(`(?m)^\s+(?:-\w, )?(--[\w.-]+)`)
	for _, command := range []string{"init", "testnet", "start", "node", "run", "version", "show-node-id", "show-validator"} {
		comet, tetrad := newTwins("flags").run(t, command, "--help")
		for _, found := range flag.FindAllStringSubmatch(comet, -1) {
			if !strings.Contains(tetrad, found[1]) {
				t.Errorf("%s has no flag %s", command, found[1])
			}
		}
	}
}

func cliErrors(t *testing.T) {
	for _, args := range [][]string{{"nonsense"}, {"start", "--nonsense"}, {"start", "--p2p.pex=perhaps"}, {"testnet", "--v", "x"}} {
		for _, binary := range []string{env.Comet, env.Tetrad} {
			out, errs, code, err := harness.Run(20*time.Second, []string{"HOME=" + env.Dir}, binary, args...)
			if err != nil || code != 1 || !strings.HasPrefix(errs, "ERROR: ") {
				t.Errorf("%s %s: exit code %d (%v), not 1 and 'ERROR: ...': %s%s", filepath.Base(binary), strings.Join(args, " "), code, err, out, errs)
			}
		}
	}
}

// cliEnvironment: a flag is stronger than the environment, and that than the file. CMTHOME is the home.
func cliEnvironment(t *testing.T) {
	genesis := env.NewNetwork(t, "environment", harness.NetworkOptions{Validators: 1}).Genesis
	node := env.NewNode(t, "environment-node", genesis, harness.Options{Tested: true})
	other := harness.FreePort()
	variables := []string{
		"CMTHOME=" + node.Home, fmt.Sprintf("CMT_RPC_LADDR=tcp://127.0.0.1:%d", other), "CMT_MONIKER=from-the-environment",
		"CMT_P2P_LADDR=tcp://127.0.0.1:1", "CMT_P2P_EXTERNAL_ADDRESS=192.0.2.1:1234",
	}
	proc, err := harness.StartProcess(node.LogPath, env.Dir, variables, node.Binary, "start",
		"--p2p.laddr", fmt.Sprintf("tcp://127.0.0.1:%d", node.P2PPort))
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Kill()
	node.RPCPort = other // of the environment, not of the file
	var status struct {
		Info struct {
			Moniker string `json:"moniker"`
			Listen  string `json:"listen_addr"`
		} `json:"node_info"`
	}
	answers := func() bool {
		result, err := node.Call("status", nil)
		return err == nil && json.Unmarshal(result, &status) == nil
	}
	if !harness.Until(20*time.Second, answers) {
		t.Fatalf("RPC is not where CMT_RPC_LADDR says\n%s", harness.Tail(node.LogPath, 20))
	}
	if status.Info.Moniker != "from-the-environment" || status.Info.Listen != "192.0.2.1:1234" {
		t.Errorf("the node says %+v", status.Info)
	}
}

// listing is the names and rights of all that is in a folder.
func listing(t *testing.T, folder string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			relative, _ := filepath.Rel(folder, path)
			lines = append(lines, fmt.Sprintf("%s %s", info.Mode(), relative))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func contents(t *testing.T, folder string) string {
	t.Helper()
	var all bytes.Buffer
	for _, file := range []string{configFile, genesisFile, nodeKeyFile, signerFile, signedFile} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n%s\n", file, text)
	}
	return all.String()
}

// sameConfig: each key of CometBFT's file is there with the same value. A node's own are its version and the ids of peers,
// and it may have keys that CometBFT does not know.
func sameConfig(t *testing.T, comet, tetrad string) {
	t.Helper()
	want, got := keysOf(t, comet), keysOf(t, tetrad)
	for key, value := range want {
		other, there := got[key]
		switch {
		case !there:
			t.Errorf("%s: config.toml has no %s (CometBFT: %s)", tetrad, key, value)
		case key == "moniker" && randomName.MatchString(value) && randomName.MatchString(other):
		case key != "version" && other != value:
			t.Errorf("%s: config.toml: %s: expected %s, got %s", tetrad, key, value, other)
		}
	}
}

var randomName = regexp.MustCompile(`^"[0-9A-F]{16}"$`)

var peerID = regexp.MustCompile(`[0-9a-f]{40}@`)

func keysOf(t *testing.T, home string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(home, configFile))
	if err != nil {
		t.Fatal(err)
	}
	keys, section := map[string]string{}, ""
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = strings.Trim(line, "[]") + "."
		} else if key, value, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			value = strings.ReplaceAll(strings.ReplaceAll(value, " ", ""), ",]", "]")
			keys[section+strings.TrimSpace(key)] = peerID.ReplaceAllString(value, "ID@")
		}
	}
	return keys
}

func same(t *testing.T, what, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := 0; i < len(a) || i < len(b); i++ {
		x, y := "(nothing)", "(nothing)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			t.Errorf("%s: line %d: expected %q, got %q", what, i+1, x, y)
			return
		}
	}
}
