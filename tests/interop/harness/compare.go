// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"testing"
)

// comparedPerHeight is what must be equal at every height, byte for byte.
var comparedPerHeight = []string{"block", "block_results", "validators", "consensus_params", "commit"}

const differencesShown = 5

// CompareHeights asks the node and the first validator for everything they know about each height and demands the same
// bytes. The last height of a node has a commit that nobody has fixed yet, so `to` must be below both nodes' latest.
func (net *Network) CompareHeights(t testing.TB, tested *Node, from, to int64) {
	t.Helper()
	if from > to {
		t.Fatalf("nothing to compare: heights %d to %d", from, to)
	}
	reference := net.Validators[0]
	differences := 0
	for height := from; height <= to; height++ {
		want, known := net.heights[height]
		if !known {
			want = heightOf(t, reference, height)
			net.heights[height] = want
		}
		got := heightOf(t, tested, height)
		for i, method := range comparedPerHeight {
			if bytes.Equal(want[i], got[i]) {
				continue
			}
			differences++
			t.Errorf("height %d, %s: %s differs from %s:\n%s", height, method, tested.Name, reference.Name,
				Difference(want[i], got[i]))
		}
		if differences >= differencesShown {
			t.Fatalf("%d differences until height %d; what follows is not compared", differences, height)
		}
	}
}

func heightOf(t testing.TB, n *Node, height int64) []json.RawMessage {
	t.Helper()
	params := make([]Params, len(comparedPerHeight))
	for i, method := range comparedPerHeight {
		params[i] = AtHeight(height)
		if method == "validators" {
			params[i]["per_page"] = "100"
		}
	}
	results, err := n.Batch(comparedPerHeight, params)
	if err != nil {
		t.Fatalf("%s: height %d: %v\n%s", n.Name, height, err, Tail(n.LogPath, 20))
	}
	return results
}

// Difference names the first place where two JSON texts differ, with what was expected there and what was got.
func Difference(want, got []byte) string {
	var a, b any
	if decode(want, &a) == nil && decode(got, &b) == nil {
		if path, x, y, differ := firstDifference("", a, b); differ {
			return fmt.Sprintf("    at  %s\n    expected %s\n    got      %s", path, short(x), short(y))
		}
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	return fmt.Sprintf("    from byte %d\n    expected %s\n    got      %s", at, around(want, at), around(got, at))
}

func decode(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode(into)
}

func firstDifference(path string, a, b any) (where string, x, y any, differ bool) {
	switch left := a.(type) {
	case map[string]any:
		right, same := b.(map[string]any)
		if !same {
			return path, a, b, true
		}
		for _, key := range keysOf(left, right) {
			l, inLeft := left[key]
			r, inRight := right[key]
			if !inLeft || !inRight {
				return path + "." + key, present(l, inLeft), present(r, inRight), true
			}
			if where, x, y, differ = firstDifference(path+"."+key, l, r); differ {
				return where, x, y, true
			}
		}
		return "", nil, nil, false
	case []any:
		right, same := b.([]any)
		if !same {
			return path, a, b, true
		}
		for i := 0; i < len(left) && i < len(right); i++ {
			if where, x, y, differ = firstDifference(fmt.Sprintf("%s[%d]", path, i), left[i], right[i]); differ {
				return where, x, y, true
			}
		}
		if len(left) != len(right) {
			return path + " (length)", len(left), len(right), true
		}
		return "", nil, nil, false
	default:
		return path, a, b, a != b
	}
}

func keysOf(maps ...map[string]any) []string {
	set := map[string]bool{}
	for _, m := range maps {
		for key := range m {
			set[key] = true
		}
	}
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

type absent struct{}

func present(value any, is bool) any {
	if is {
		return value
	}
	return absent{}
}

func short(value any) string {
	if _, is := value.(absent); is {
		return "(no such member)"
	}
	data, _ := json.Marshal(value)
	return clip(string(data))
}

func clip(text string) string {
	if len(text) > 300 {
		return text[:300] + "..."
	}
	return text
}

func around(data []byte, at int) string {
	from, to := max(0, at-60), min(len(data), at+120)
	return fmt.Sprintf("...%q", data[from:to])
}
