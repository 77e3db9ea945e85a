// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/cometbft/cometbft/types"
)

func get(uri string) rpcCase {
	return rpcCase{name: fmt.Sprintf("GET %.120s", uri), verb: http.MethodGet, path: uri}
}

// uriCases are calls by URI, as people and scripts make them.
func (d *difference) uriCases() []rpcCase {
	var cases []rpcCase
	add := func(how strictness, uris ...string) {
		for _, uri := range uris {
			cases = append(cases, get(uri).as(how))
		}
	}
	txHash := types.Tx(d.tx).Hash()
	key, _, _ := strings.Cut(string(d.tx), "=")
	quote := func(text string) string { return url.QueryEscape(`"` + text + `"`) }

	add(shape, "/net_info")
	add(exact, "/health", "/status", "/genesis", "/abci_info", "/num_unconfirmed_txs", "/unconfirmed_txs", "/blockchain", "/block",
		"/block_results", "/commit", "/validators", "/consensus_params", "/header", "/block?", "/block?&", "/block?x=1")
	for _, method := range []string{"block", "header", "block_results", "commit", "validators", "consensus_params"} {
		add(exact, fmt.Sprintf("/%s?height=%d", method, d.busy), fmt.Sprintf("/%s?height=%%22%d%%22", method, d.busy),
			fmt.Sprintf("/%s?height=0", method), fmt.Sprintf("/%s?height=-1", method), fmt.Sprintf("/%s?height=%d", method, d.height+5),
			fmt.Sprintf("/%s?height=", method), fmt.Sprintf("/%s?height=0x5", method))
	}
	add(loose, "/block?height=abc", "/block?height=5.5", "/block?height=+5", "/block?height=007", "/block?height=true", "/block?height=[5]",
		"/block?height=9223372036854775808", "/block?height=%22abc%22", "/block?height=%225", "/block?height=%20",
		"/validators?page=x", "/tx?hash=x", "/tx?prove=yes", "/abci_query?path=/key", "/abci_query?data=abc",
		"/abci_query?height=x", "/tx?hash=0xABC", "/tx?hash=0xZZ", "/broadcast_tx_sync?tx=a=b", "/unconfirmed_txs?limit=x",
		"/block_by_hash?hash=x", "/block_by_hash?hash="+url.QueryEscape(b64(d.hash)), "/tx?hash="+url.QueryEscape(b64(txHash)))
	add(exact, "/block?height=null", fmt.Sprintf("/block?height=%d&height=%d", d.busy, d.busy+1),
		fmt.Sprintf("/block?HEIGHT=%d", d.busy), fmt.Sprintf("/block?height=%d#x", d.busy), "/block?height=%zz", "/block?%zz=1",
		fmt.Sprintf("/%%62lock?height=%d", d.busy),
		fmt.Sprintf("/blockchain?minHeight=%d&maxHeight=%d", d.busy, d.busy+3), "/blockchain?minHeight=5&maxHeight=1",
		"/blockchain?minHeight=-1", fmt.Sprintf("/blockchain?maxHeight=%%22%d%%22", d.busy),
		fmt.Sprintf("/block_by_hash?hash=0x%X", d.hash), fmt.Sprintf("/block_by_hash?hash=0x%x", d.hash),
		fmt.Sprintf("/block_by_hash?hash=0X%X", d.hash), "/block_by_hash?hash=0x", "/block_by_hash", "/block_by_hash?hash=0x00",
		"/block_by_hash?hash=%22abc%22",
		fmt.Sprintf("/tx?hash=0x%X", txHash), fmt.Sprintf("/tx?hash=0x%x&prove=true", txHash),
		fmt.Sprintf("/tx?hash=0x%x&prove=false", txHash), "/tx?hash=0x00", "/tx", "/tx?hash=%22abc%22",
		fmt.Sprintf("/validators?height=%d&page=1&per_page=2", d.busy), fmt.Sprintf("/validators?height=%d&page=%%222%%22&per_page=2", d.busy),
		"/validators?page=0", "/validators?page=99", "/validators?per_page=1000",
		"/abci_query?path="+quote("/key")+"&data="+quote(key), fmt.Sprintf("/abci_query?data=0x%x", key),
		fmt.Sprintf("/abci_query?path=%s&data=0x%x&height=5&prove=true", quote("/key"), key), "/abci_query", "/abci_query?path=0x2F6B6579",
		"/abci_query?data="+quote("a\\u0062"), "/unconfirmed_txs?limit=5", "/unconfirmed_txs?limit=%225%22",
	)
	for _, uri := range []string{fmt.Sprintf("/header_by_hash?hash=0x%X", d.hash), "/genesis_chunked?chunk=0", "/genesis_chunked?chunk=9",
		fmt.Sprintf("/header_by_hash?hash=%s", quote("abc"))} {
		cases = append(cases, get(uri).optional())
	}
	return cases
}

// httpCases are about HTTP.
func (d *difference) httpCases() []rpcCase {
	one := `{"jsonrpc":"2.0","id":1,"method":"health","params":{}}`
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	at := fmt.Sprintf("height=%d", d.busy)
	return []rpcCase{
		get("/").as(heads), {name: "POST / with nothing", how: heads},
		get("/no_such"), get("/block/"), get("/block/5"), get("/subscribe?query=x"), get("/unsubscribe_all"),
		get("//block?" + at), get("/./block"), get("/block/../status/?x=<"), get("//"), get("/no//such"), get("/%2e%2e/block"),
		get("/block?" + at + ";x=1"), get("/block?x=1;" + at), get("/block?" + at + "&x=1;y=2"),
		{name: "POST JSON-RPC to //", path: "//", body: one}, {name: "HEAD //health", verb: http.MethodHead, path: "//health"},
		{name: "POST JSON-RPC to /block", path: "/block?" + at, body: one},
		{name: "POST JSON-RPC to /no_such", path: "/no_such", body: one},
		{name: "a form to /block", path: "/block", body: at, header: form},
		{name: "a form and a query to /block", path: "/block?" + at, body: "height=1", header: form},
		{name: "PUT JSON-RPC", verb: http.MethodPut, path: "/", body: one},
		{name: "GET JSON-RPC", verb: http.MethodGet, path: "/", body: one},
		{name: "DELETE JSON-RPC", verb: http.MethodDelete, path: "/", body: one},
		{name: "PUT /health", verb: http.MethodPut, path: "/health"},
		{name: "DELETE /health", verb: http.MethodDelete, path: "/health"},
		{name: "HEAD /health", verb: http.MethodHead, path: "/health"},
		{name: "HEAD /status", verb: http.MethodHead, path: "/status", how: heads},
		{name: "HEAD /no_such", verb: http.MethodHead, path: "/no_such"},
		{name: "OPTIONS /health", verb: http.MethodOptions, path: "/health"},
		{name: "text/plain", body: one, header: map[string]string{"Content-Type": "text/plain"}},
		{name: "a form that is JSON-RPC", body: one, header: form},
		{name: "a query at /", path: "/?x=1", body: one},
		{name: "an origin", body: one, header: map[string]string{"Origin": "http://example.com"}},
		{name: "a long URI", verb: http.MethodGet, path: "/health?x=" + strings.Repeat("a", 100_000)},
		{name: "many headers", body: one, header: manyHeaders(50)},
	}
}

func manyHeaders(count int) map[string]string {
	headers := map[string]string{}
	for i := 0; i < count; i++ {
		headers[fmt.Sprintf("X-Header-%d", i)] = strings.Repeat("v", 500)
	}
	return headers
}
