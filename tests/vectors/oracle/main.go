// SPDX-License-Identifier: Apache-2.0
// Writes tests/vectors/chain_oracle.json: what CometBFT v0.38.25 itself computes for random but repeatable inputs. The unit
// tests of chain/ read the file; this program is only needed to make it anew:
//
//	cd tests/vectors/oracle && go mod tidy && go run . > ../chain_oracle.json
//
// With the argument "rpc" it writes tests/vectors/rpc_oracle.json instead: what CometBFT's HTTP server answers to good and bad
// requests; tests/unit/rpc reads that.
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"
)

// One generator for everything: the order of the sections is part of the result.
var random = rand.New(rand.NewSource(38_25))

const chainID = "oracle-chain"

var genesisTime = time.Date(2024, 2, 29, 23, 59, 58, 123456789, time.UTC)

func key(i int) ed25519.PrivKey {
	return ed25519.GenPrivKeyFromSecret([]byte(fmt.Sprintf("oracle key %d", i)))
}

func hexed(b []byte) string { return hex.EncodeToString(b) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	random.Read(b)
	return b
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type marshaler interface{ Marshal() ([]byte, error) }

func proto(m marshaler) string { return hexed(must(m.Marshal())) }

func randomTime() time.Time {
	switch random.Intn(5) {
	case 0:
		return time.Unix(int64(random.Int31()), 0).UTC()
	case 1:
		return time.Unix(-int64(random.Int31()), int64(random.Intn(1e9))).UTC()
	default:
		return time.Unix(int64(random.Int31()), int64(random.Intn(1e9))).UTC()
	}
}

func randomBlockID() types.BlockID {
	return types.BlockID{Hash: randomBytes(32), PartSetHeader: types.PartSetHeader{
		Total: uint32(1 + random.Intn(1600)), Hash: randomBytes(32)}}
}

// errorText is what a caller sees; empty where all is well.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "rpc" {
		fmt.Printf("{\n\"_about\": %s,\n\"cases\": %s\n}\n", encoded("made by tests/vectors/oracle: what CometBFT v0.38.25's server answers"), text(rpcCases()))
		return
	}
	keys := make([]string, 24)
	for i := range keys {
		keys[i] = hexed(key(i).PubKey().Bytes())
	}
	out := map[string]any{
		"_about":         "made by tests/vectors/oracle (a Go program on github.com/cometbft/cometbft v0.38.25); hex is lower case",
		"chain_id":       chainID,
		"keys":           keys,
		"validator_sets": validatorSets(),
		"votes":          votes(),
		"headers":        headers(),
		"commits":        commits(),
		"evidence":       evidence(),
		"chain":          chain(),
	}
	names := make([]string, 0, len(out))
	for name := range out {
		names = append(names, name)
	}
	sort.Strings(names)
	lines := make([]string, 0, len(names))
	for _, name := range names {
		lines = append(lines, fmt.Sprintf("%q: %s", name, text(out[name])))
	}
	fmt.Printf("{\n%s\n}\n", strings.Join(lines, ",\n"))
}

// text is JSON with one line for each case.
func text(v any) string {
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice || list.Len() == 0 || list.Index(0).Kind() != reflect.Struct {
		return encoded(v)
	}
	lines := make([]string, list.Len())
	for i := range lines {
		lines[i] = encoded(list.Index(i).Interface())
	}
	return "[\n" + strings.Join(lines, ",\n") + "\n]"
}

func encoded(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}
