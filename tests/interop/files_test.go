// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"tetrad/tests/interop/harness"
)

// damage is one way to break a home. The node has to end by itself, with an exit code, and with a line that says what is
// wrong: `says` is in it.
type damage struct {
	name string
	file string
	do   func(text string) string
	says string
	args []string
	// CometBFT goes on, or waits for ever.
	tetradOnly bool
}

const (
	configFile  = "config/config.toml"
	genesisFile = "config/genesis.json"
	nodeKeyFile = "config/node_key.json"
	signerFile  = "config/priv_validator_key.json"
	signedFile  = "data/priv_validator_state.json"
)

func whollyWith(text string) func(string) string { return func(string) string { return text } }

// replaced changes the first match, which has to be there.
func replaced(pattern, with string) func(string) string {
	expression := regexp.MustCompile(pattern)
	return func(text string) string {
		place := expression.FindStringIndex(text)
		if place == nil {
			panic("nothing matches " + pattern)
		}
		return text[:place[0]] + with + text[place[1]:]
	}
}

// set changes a key of config.toml by the name that it has in one section only.
func set(key, value string) func(string) string {
	return replaced(`(?m)^`+regexp.QuoteMeta(key)+` = .*$`, key+" = "+value)
}

var damages = []damage{
	{name: "config: no TOML", file: configFile, do: whollyWith("{broken"), says: "config"},
	{name: "config: a line cut short", file: configFile, do: func(text string) string { return text[:len(text)/2] + "\n[rp" }, says: "config"},
	{name: "config: text for a number", file: configFile, do: set("max_subscription_clients", `"many"`), says: "max_subscription_clients"},
	{name: "config: text for a bool", file: configFile, do: set("pex", `"perhaps"`), says: "pex"},
	{name: "config: no duration", file: configFile, do: set("timeout_commit", `"soon"`), says: "soon"},
	{name: "config: a negative duration", file: configFile, do: set("timeout_commit", `"-1s"`), says: "timeout_commit"},
	{name: "config: a negative size", file: configFile, do: set("max_tx_bytes", "-1"), says: "max_tx_bytes"},
	{name: "config: a log level that is not", file: configFile, do: set("log_level", `"loud"`), says: "loud"},
	{name: "config: a log format that is not", file: configFile, do: set("log_format", `"xml"`), says: "log_format"},
	{name: "config: a database that is not", file: configFile, do: set("db_backend", `"paper"`), says: "paper"},
	{name: "config: block sync v1", file: configFile, do: replaced(`(?m)^version = "v0"$`, `version = "v1"`), says: "v1"},
	{name: "config: a peer that is none", file: configFile, do: set("persistent_peers", `"somewhere"`), says: "somewhere"},
	{name: "config: an address that is none", file: configFile, do: replaced(`(?m)^laddr = "tcp://127.0.0.1:\d+"$`, `laddr = "nowhere"`), says: "nowhere"},
	{name: "config: an application that is far away", file: configFile, do: set("proxy_app", `"tcp://127.0.0.1:1"`), says: "proxy_app", tetradOnly: true},

	{name: "genesis: no JSON", file: genesisFile, do: whollyWith("{broken"), says: "genesis"},
	{name: "genesis: nothing", file: genesisFile, do: whollyWith(""), says: "genesis"},
	{name: "genesis: half of it", file: genesisFile, do: func(text string) string { return text[:len(text)/2] }, says: "genesis"},
	{name: "genesis: no chain id", file: genesisFile, do: replaced(`"chain_id": "[^"]*"`, `"chain_id": ""`), says: "chain_id"},
	{name: "genesis: a long chain id", file: genesisFile, do: replaced(`"chain_id": "[^"]*"`, `"chain_id": "`+strings.Repeat("c", 51)+`"`), says: "chain_id"},
	{name: "genesis: a number for a height", file: genesisFile, do: replaced(`"initial_height": "1"`, `"initial_height": 1`), says: "genesis"},
	{name: "genesis: a negative height", file: genesisFile, do: replaced(`"initial_height": "1"`, `"initial_height": "-1"`), says: "initial_height"},
	{name: "genesis: no time", file: genesisFile, do: replaced(`"genesis_time": "[^"]*"`, `"genesis_time": "yesterday"`), says: "yesterday"},
	{name: "genesis: a validator without power", file: genesisFile, do: replaced(`"power": "10"`, `"power": "0"`), says: "power"},
	{name: "genesis: a validator of another address", file: genesisFile, do: replaced(`"address": "[0-9A-F]{4}`, `"address": "0000`), says: "address"},
	{name: "genesis: a key of no kind", file: genesisFile, do: replaced(`tendermint/PubKeyEd25519`, `tendermint/PubKeyPaper`), says: "Paper"},
	{name: "genesis: a key cut short", file: genesisFile, do: replaced(`("value": ")[^"]{8}`, `"value": "`), says: "genesis"},
	{name: "genesis: blocks of no size", file: genesisFile, do: replaced(`"max_bytes": "22020096"`, `"max_bytes": "0"`), says: "ytes"},
	{name: "genesis: another file than the hash says", file: genesisFile, do: func(text string) string { return text + "\n" },
		args: []string{"--genesis_hash", strings.Repeat("ab", 32)}, says: "hash"},

	{name: "node key: no JSON", file: nodeKeyFile, do: whollyWith("{broken"), says: "node_key"},
	{name: "node key: nothing", file: nodeKeyFile, do: whollyWith(""), says: "node_key"},
	{name: "node key: of no kind", file: nodeKeyFile, do: replaced("PrivKeyEd25519", "PrivKeyPaper"), says: "node_key"},
	{name: "signer's key: no JSON", file: signerFile, do: whollyWith("{broken"), says: "priv_validator_key"},
	{name: "signer's state: no JSON", file: signedFile, do: whollyWith("{broken"), says: "priv_validator_state"},
}

// What a program says when it did not mean to end.
var crash = regexp.MustCompile(`terminate called|AddressSanitizer|ThreadSanitizer|runtime error:|panic:|CHECK failed|Segmentation fault`)

// brokenFiles damages a file of a home that was good until then.
func brokenFiles(t *testing.T) {
	genesis := env.NewNetwork(t, "paper", harness.NetworkOptions{Validators: 1}).Genesis
	good := env.NewNode(t, "files-good", genesis, harness.Options{Tested: true})
	good.Start(t) // or every refusal below would prove nothing
	good.Stop(t)

	occupied, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer occupied.Close()
	taken := fmt.Sprintf("tcp://%s", occupied.Addr())
	all := append([]damage{
		{name: "the port of peers is taken", args: []string{"--p2p.laddr", taken}, says: "in use"},
		{name: "the port of RPC is taken", args: []string{"--rpc.laddr", taken}, says: "in use"},
	}, damages...)
	for i, d := range all {
		if d.tetradOnly && env.StandIn {
			continue
		}
		node := env.NewNode(t, fmt.Sprintf("files-%d", i), genesis, harness.Options{Tested: true})
		if d.file != "" {
			text, err := os.ReadFile(node.Path(d.file))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(node.Path(d.file), []byte(d.do(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		refuses(t, d, node)
	}
	harness.Say("  files: %d broken homes", len(all))
}

func refuses(t *testing.T, d damage, node *harness.Node) {
	t.Helper()
	args := append([]string{"start", "--home", node.Home}, d.args...)
	out, errs, code, err := harness.Run(15*time.Second, nil, node.Binary, args...)
	said := strings.TrimSpace(out + errs)
	last := said[strings.LastIndexByte(said, '\n')+1:]
	if err != nil || code <= 0 || code >= 128 {
		t.Errorf("%s: exit code %d (%v), last line %q", d.name, code, err, last)
		return
	}
	if crash.MatchString(said) && !env.StandIn {
		t.Errorf("%s: this is a crash:\n%s", d.name, said)
		return
	}
	if !strings.Contains(strings.ToLower(last), strings.ToLower(d.says)) && env.TetradOnly(t, d.name+": to say it in the last line") {
		t.Errorf("%s: the last line does not speak of %q: %q", d.name, d.says, last)
	}
	if len(last) > 500 && env.TetradOnly(t, d.name+": to be short") {
		t.Errorf("%s: the last line has %d bytes: %.300q...", d.name, len(last), last)
	}
}
