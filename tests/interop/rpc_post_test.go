// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cometbft/cometbft/types"

	"tetrad/tests/interop/harness"
)

func call(method, params string) rpcCase {
	return rpcCase{
		name: fmt.Sprintf("%s %.120s", method, params),
		body: fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":%s}`, method, params),
	}
}

func (c rpcCase) as(how strictness) rpcCase { c.how = how; return c }
func (c rpcCase) optional() rpcCase         { c.option = true; return c }

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func blockHash(t *testing.T, node *harness.Node, height int64) []byte {
	t.Helper()
	var block struct {
		ID struct {
			Hash string `json:"hash"`
		} `json:"block_id"`
	}
	node.Ask(t, &block, "block", harness.AtHeight(height))
	hash, err := hex.DecodeString(block.ID.Hash)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// postCases are calls as clients make them.
func (d *difference) postCases() []rpcCase {
	cases := []rpcCase{
		call("health", "{}"), call("status", "{}"), call("net_info", "{}").as(shape), call("genesis", "{}"),
		call("genesis_chunked", `{"chunk":"0"}`).optional(), call("genesis_chunked", `{"chunk":"1"}`).optional(),
		call("abci_info", "{}"), call("num_unconfirmed_txs", "{}"), call("unconfirmed_txs", "{}"),
		call("consensus_state", "{}").as(shape).optional(),
		call("blockchain", "{}"), call("blockchain", `{"minHeight":"1","maxHeight":"5"}`),
		call("blockchain", fmt.Sprintf(`{"minHeight":"%d","maxHeight":"%d"}`, d.height-40, d.height-3)),
		call("blockchain", fmt.Sprintf(`{"maxHeight":"%d"}`, d.height+1000)),
		call("blockchain", fmt.Sprintf(`{"minHeight":"%d"}`, d.height)),
		call("blockchain", fmt.Sprintf(`["%d","%d"]`, d.busy, d.busy+2)),
		call("block_by_hash", fmt.Sprintf(`{"hash":%q}`, b64(d.hash))),
		call("block_by_hash", fmt.Sprintf(`[%q]`, b64(d.hash))),
		call("header_by_hash", fmt.Sprintf(`{"hash":"%X"}`, d.hash)).optional(),
		call("header_by_hash", fmt.Sprintf(`{"hash":"%x"}`, d.hash)).optional(),
		call("tx", fmt.Sprintf(`{"hash":%q,"prove":true}`, b64(types.Tx(d.tx).Hash()))),
		call("tx", fmt.Sprintf(`{"hash":%q,"prove":false}`, b64(types.Tx(d.tx).Hash()))),
		call("tx", fmt.Sprintf(`{"hash":%q}`, b64(types.Tx(d.tx).Hash()))),
		call("tx", fmt.Sprintf(`[%q,true]`, b64(types.Tx(d.tx).Hash()))),
	}
	heights := []int64{d.net.InitialHeight, d.net.InitialHeight + 1, d.busy, d.changed, d.changed + 1, d.changed + 2, d.height - 1, d.height}
	for _, method := range []string{"block", "header", "block_results", "commit", "validators", "consensus_params"} {
		cases = append(cases, call(method, "{}"), call(method, "null"), call(method, `{"height":null}`))
		for _, height := range heights {
			cases = append(cases, call(method, fmt.Sprintf(`{"height":"%d"}`, height)))
		}
	}
	for _, page := range []string{`"page":"1","per_page":"2"`, `"page":"2","per_page":"2"`, `"page":"3","per_page":"2"`, `"page":"9"`,
		`"page":"0"`, `"page":"-1"`, `"per_page":"0"`, `"per_page":"-5"`, `"per_page":"1000"`, `"page":null,"per_page":null`} {
		cases = append(cases, call("validators", fmt.Sprintf(`{"height":"%d",%s}`, d.busy, page)))
	}
	key, _, _ := strings.Cut(string(d.tx), "=")
	for _, query := range []string{
		fmt.Sprintf(`{"path":"/key","data":"%X"}`, key), fmt.Sprintf(`{"path":"/key","data":"%x","prove":true}`, key),
		fmt.Sprintf(`{"path":"","data":"%x","height":"0","prove":false}`, key), fmt.Sprintf(`{"data":"%x","height":"5"}`, key),
		`{"path":"/key","data":"6E6F6E65"}`, `{"path":"/key","data":""}`, `{"path":"/key"}`, `{}`,
		fmt.Sprintf(`{"path":"/val","data":"%X"}`, d.net.Keys[0].PubKey().Bytes()), `{"path":"/val","data":"00"}`,
		fmt.Sprintf(`["/key","%x","0",false]`, key),
	} {
		cases = append(cases, call("abci_query", query))
	}
	return cases
}

// argumentCases are arguments that cannot be.
func (d *difference) argumentCases() []rpcCase {
	var cases []rpcCase
	for _, method := range []string{"block", "header", "block_results", "commit", "validators", "consensus_params"} {
		for _, height := range []string{"0", "-1", fmt.Sprint(d.height + 1), fmt.Sprint(d.height + 2), "9223372036854775807",
			fmt.Sprint(d.net.InitialHeight - 1)} {
			cases = append(cases, call(method, fmt.Sprintf(`{"height":%q}`, height)))
		}
	}
	for _, height := range []string{`5`, `5.5`, `true`, `{}`, `[]`, `"abc"`, `""`, `"5.5"`, `"9223372036854775808"`, `"0x5"`} {
		cases = append(cases, call("block", `{"height":`+height+`}`).as(loose))
	}
	return append(cases,
		call("block", `{"height":"5","unknown":1}`), call("block", `["5"]`), call("block", `[null]`),
		call("block", `[]`), call("block", `["5","6"]`).as(loose), call("health", `[1]`).as(loose), call("status", `["x"]`).as(loose),
		call("block", `"5"`).as(loose), call("block", `5`).as(loose), call("block", `true`).as(loose),
		call("blockchain", `{"minHeight":"-1"}`), call("blockchain", `{"minHeight":"5","maxHeight":"1"}`),
		call("blockchain", fmt.Sprintf(`{"minHeight":"%d"}`, d.height+1)), call("blockchain", `["1"]`).as(loose),
		call("blockchain", `{"minHeight":1,"maxHeight":2}`),
		call("block_by_hash", fmt.Sprintf(`{"hash":%q}`, b64(make([]byte, 32)))), call("block_by_hash", `{"hash":""}`),
		call("block_by_hash", `{}`), call("block_by_hash", `{"hash":"AAAA"}`), call("block_by_hash", `{"hash":"!!"}`).as(loose),
		call("tx", fmt.Sprintf(`{"hash":%q}`, b64(make([]byte, 32)))), call("tx", `{"hash":"AAAA"}`), call("tx", `{}`),
		call("tx", `{"hash":"!!"}`).as(loose), call("tx", `{"hash":5}`).as(loose), call("tx", `{"prove":"yes"}`).as(loose),
		call("validators", `{"page":1}`).as(loose), call("validators", `{"per_page":"x"}`).as(loose),
		call("abci_query", `{"data":"xyz"}`).as(loose), call("abci_query", `{"data":"0x61"}`).as(loose),
		call("abci_query", `{"height":5}`).as(loose), call("abci_query", `{"prove":"true"}`).as(loose),
		call("unconfirmed_txs", `{"limit":5}`).as(loose), call("unconfirmed_txs", `{"limit":"x"}`).as(loose),
		call("genesis_chunked", `{"chunk":"-1"}`).as(loose).optional(),
	)
}

// envelopeCases are about JSON-RPC itself.
func (d *difference) envelopeCases() []rpcCase {
	one := `{"jsonrpc":"2.0","id":1,"method":"health","params":{}}`
	batchOf := func(count int) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", count), ",") + "]" }
	var cases []rpcCase
	add := func(how strictness, bodies ...string) {
		for _, body := range bodies {
			cases = append(cases, rpcCase{name: fmt.Sprintf("body %.100q", body), body: body, how: how})
		}
	}
	for _, id := range []string{`"text"`, `""`, `0`, `-5`, `9007199254740991`, `1.0`, `1.5`, `1e3`, `null`, `"\u003c&"`, `"ü"`} {
		add(exact, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"health","params":{}}`, id))
	}
	for _, id := range []string{`true`, `{}`, `[]`} {
		add(loose, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"health","params":{}}`, id))
	}
	add(exact,
		`{"id":1,"method":"health"}`, `{"jsonrpc":"1.0","id":1,"method":"health"}`, `{"method":"health","id":1,"extra":[1,{}]}`,
		`{"jsonrpc":"2.0","method":"health"}`, `{"jsonrpc":"2.0","method":"no_such"}`, `{}`, `null`, `[null]`,
		`{"jsonrpc":"2.0","id":1,"method":"no_such","params":{}}`, `{"jsonrpc":"2.0","id":1}`, `{"jsonrpc":"2.0","id":1,"method":""}`,
		`{"jsonrpc":"2.0","id":1,"method":"Health","params":{}}`, `{"jsonrpc":"2.0","id":1,"METHOD":"health","params":{}}`,
		`{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"query":"tm.event='Tx'"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"unsubscribe_all","params":{}}`, `{"jsonrpc":"2.0","id":1,"method":"dial_seeds","params":{}}`,
		"  \n\t"+one+"\r\n", `[]`, ` [ ] `, batchOf(1), batchOf(2), batchOf(10), batchOf(11), batchOf(30),
		`[`+one+`,{"jsonrpc":"2.0","method":"health"}]`, `[{"jsonrpc":"2.0","method":"health"},{"jsonrpc":"2.0","method":"status"}]`,
		`[`+one+`,{"jsonrpc":"2.0","id":2,"method":"no_such","params":{}},{"jsonrpc":"2.0","id":3,"method":"block","params":{"height":"0"}}]`,
		fmt.Sprintf(`[{"id":1,"method":"block","params":{"height":"%d"}},{"id":"b","method":"commit","params":{"height":"%d"}}]`, d.busy, d.busy),
		`[{"id":1,"method":"block","params":{"height":"0"}},{"id":2,"method":"abci_info","params":{}}]`,
		`[{"id":1,"method":"genesis","params":{}},{"id":2,"method":"abci_info","params":{}}]`,
		`[{"id":1,"method":"genesis","params":{}},{"id":2,"method":"health","params":{}}]`,
	)
	add(loose,
		`{`, `}`, `nope`, `"text"`, `123`, `[1]`, `["x"]`, `[`+one, one+one, one+`]`, `{"jsonrpc":"2.0","id":1,"method":5}`,
		`{"jsonrpc":"2.0","id":1,"method":"health","params":{}`, "\x00", "\xff\xfe", `{"id":1,"method":"health","params":{"a":}}`,
		strings.Repeat("[", 20000), `{"id":1,"method":"block","params":`+strings.Repeat(`{"a":`, 20000),
	)
	return cases
}

// transactionCases change the mempools, both in the same way. The chain stands still meanwhile. The mempools hold nine.
func (d *difference) transactionCases() []rpcCase {
	tx := func(text string) string { return fmt.Sprintf(`{"tx":%q}`, b64([]byte(text))) }
	cases := []rpcCase{
		call("broadcast_tx_sync", tx("a=1")), call("broadcast_tx_sync", tx("a=1")), call("broadcast_tx_async", tx("a=1")),
		call("broadcast_tx_commit", tx("a=1")), call("broadcast_tx_async", tx("b=2")), call("broadcast_tx_sync", tx("c:3")),
		call("broadcast_tx_sync", tx("d=<&>")), call("broadcast_tx_sync", tx("none")), call("broadcast_tx_sync", tx("none")),
		call("broadcast_tx_async", tx("none")), call("broadcast_tx_commit", tx("none")), call("broadcast_tx_sync", tx("=x")),
		call("broadcast_tx_sync", tx("a=b=c")), call("broadcast_tx_sync", tx("val=x")), call("broadcast_tx_sync", tx("val=a!b!c")),
		call("broadcast_tx_sync", tx("val=ed25519!AAAA!-1")), call("broadcast_tx_sync", `{"tx":""}`), call("broadcast_tx_sync", `{"tx":null}`),
		call("broadcast_tx_sync", `{}`), call("broadcast_tx_sync", `["YWI9YWM="]`), call("broadcast_tx_sync", `[]`),
		call("broadcast_tx_sync", `{"tx":"!!"}`).as(loose), call("broadcast_tx_sync", `{"tx":5}`).as(loose),
		call("check_tx", tx("zz=1")).optional(), call("check_tx", tx("none")).optional(),
		call("num_unconfirmed_txs", "{}"), call("unconfirmed_txs", "{}"),
		// In the mempool, but in no block in time.
		call("broadcast_tx_commit", tx("e=5")),
	}
	for _, limit := range []string{`"1"`, `"2"`, `"0"`, `"-1"`, `"1000"`, `null`} {
		cases = append(cases, call("unconfirmed_txs", `{"limit":`+limit+`}`))
	}
	for i := 0; i < 5; i++ { // the last ones find it full
		cases = append(cases, call("broadcast_tx_sync", tx(fmt.Sprintf("full-%d=1", i))))
	}
	cases = append(cases, call("broadcast_tx_async", tx("f=6")), call("broadcast_tx_commit", tx("f=6")),
		call("num_unconfirmed_txs", "{}"), call("unconfirmed_txs", `{"limit":"100"}`), call("status", "{}"))
	var large strings.Builder
	large.WriteString(`{"jsonrpc":"2.0","id":1,"method":"broadcast_tx_sync","params":{"tx":"`)
	large.WriteString(strings.Repeat("QUFB", 250_000))
	large.WriteString(`"}}`)
	return append(cases, rpcCase{name: "a body over the limit", body: large.String()},
		rpcCase{name: "a body at the limit", body: large.String()[:999_999] + "}"}.as(loose))
}
