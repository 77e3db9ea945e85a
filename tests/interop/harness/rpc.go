// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// Connections are kept: a comparison of a thousand heights is ten thousand calls.
var client = &http.Client{
	Timeout: 30 * time.Second,
	// Nodes close a connection that was idle for ten seconds; a request must not meet that.
	Transport: &http.Transport{MaxIdleConnsPerHost: 4, DisableCompression: true, IdleConnTimeout: 5 * time.Second},
}

// Params of a call by name. 64-bit integers are strings.
type Params map[string]any

// RPCError is the error object of JSON-RPC.
type RPCError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data"`
}

func (e *RPCError) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.Message, e.Data) }

type request struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  Params `json:"params"`
}

type response struct {
	ID     json.RawMessage `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *RPCError       `json:"error"`
}

// Call of one method; a JSON-RPC error is returned as *RPCError.
func (n *Node) Call(method string, params Params) (json.RawMessage, error) {
	results, err := n.Batch([]string{method}, []Params{params})
	if err != nil {
		return nil, err
	}
	return results[0], nil
}

// Batch makes at most ten calls in one request. The first error of any of them is returned.
func (n *Node) Batch(methods []string, params []Params) ([]json.RawMessage, error) {
	requests := make([]request, len(methods))
	for i := range methods {
		if params[i] == nil {
			params[i] = Params{}
		}
		requests[i] = request{"2.0", i, methods[i], params[i]}
	}
	var body []byte
	if len(requests) == 1 {
		body, _ = json.Marshal(requests[0])
	} else {
		body, _ = json.Marshal(requests)
	}
	reply, _, err := n.Post(body)
	if err != nil {
		return nil, err
	}
	responses := make([]response, 1)
	if len(requests) == 1 {
		err = json.Unmarshal(reply, &responses[0])
	} else {
		err = json.Unmarshal(reply, &responses)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %v: %w in %.300q", n.Name, methods, err, reply)
	}
	if len(responses) != len(requests) {
		return nil, fmt.Errorf("%s: %d answers to %d calls", n.Name, len(responses), len(requests))
	}
	results := make([]json.RawMessage, len(requests))
	for _, r := range responses {
		if r.Error != nil {
			return nil, r.Error
		}
		id, err := strconv.Atoi(string(r.ID))
		if err != nil || id < 0 || id >= len(results) || results[id] != nil {
			return nil, fmt.Errorf("%s: %v: an answer with id %s", n.Name, methods, r.ID)
		}
		results[id] = r.Result
	}
	return results, nil
}

// Post sends a body as it is.
func (n *Node) Post(body []byte) ([]byte, *http.Response, error) {
	reply, err := client.Post(n.URL(), "application/json", bytes.NewReader(body))
	return readReply(reply, err)
}

// Get asks by URI: path and query.
func (n *Node) Get(uri string) ([]byte, *http.Response, error) {
	reply, err := client.Get(n.URL() + uri)
	return readReply(reply, err)
}

func readReply(reply *http.Response, err error) ([]byte, *http.Response, error) {
	if err != nil {
		return nil, nil, err
	}
	defer reply.Body.Close()
	data, err := io.ReadAll(reply.Body)
	return data, reply, err
}

// Status is what of /status the suite reads.
type Status struct {
	NodeInfo struct {
		ID      string `json:"id"`
		Version string `json:"version"`
		Network string `json:"network"`
	} `json:"node_info"`
	SyncInfo struct {
		LatestHeight   int64  `json:"latest_block_height,string"`
		LatestHash     string `json:"latest_block_hash"`
		LatestAppHash  string `json:"latest_app_hash"`
		EarliestHeight int64  `json:"earliest_block_height,string"`
		CatchingUp     bool   `json:"catching_up"`
	} `json:"sync_info"`
}

// Status asks for /status.
func (n *Node) Status() (*Status, error) {
	result, err := n.Call("status", nil)
	if err != nil {
		return nil, err
	}
	status := new(Status)
	return status, json.Unmarshal(result, status)
}

// Height is the latest block's, or 0 where nobody answers.
func (n *Node) Height() int64 {
	status, err := n.Status()
	if err != nil {
		return 0
	}
	return status.SyncInfo.LatestHeight
}

// Pending counts the transactions in the mempool, or is -1 where nobody answers.
func (n *Node) Pending() int {
	var answer struct {
		Total int `json:"total,string"`
	}
	result, err := n.Call("num_unconfirmed_txs", nil)
	if err != nil || json.Unmarshal(result, &answer) != nil {
		return -1
	}
	return answer.Total
}

// txsIn counts the transactions of a block, or is -1.
func (n *Node) txsIn(height int64) int {
	var answer struct {
		Block struct {
			Data struct {
				Txs []json.RawMessage `json:"txs"`
			} `json:"data"`
		} `json:"block"`
	}
	result, err := n.Call("block", AtHeight(height))
	if err != nil || json.Unmarshal(result, &answer) != nil {
		return -1
	}
	return len(answer.Block.Data.Txs)
}

// Ask is a call that must work; its result is decoded into what `into` points to.
func (n *Node) Ask(t testing.TB, into any, method string, params Params) {
	t.Helper()
	result, err := n.Call(method, params)
	if err == nil && into != nil {
		err = json.Unmarshal(result, into)
	}
	if err != nil {
		t.Fatalf("%s: %s %v: %v\n%s", n.Name, method, params, err, Tail(n.LogPath, 20))
	}
}

// AtHeight is the parameter that most calls take.
func AtHeight(height int64) Params { return Params{"height": strconv.FormatInt(height, 10)} }
