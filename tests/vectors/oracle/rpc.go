// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	cmtbytes "github.com/cometbft/cometbft/libs/bytes"
	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/rpc/jsonrpc/server"
	"github.com/cometbft/cometbft/rpc/jsonrpc/types"
	"github.com/rs/cors"
)

// rpcCase is what one connection carries: bytes from the client, then the answers up to the end of the connection.
type rpcCase struct {
	Group   string      `json:"group"` // the test that reads it
	Name    string      `json:"name"`
	Cors    bool        `json:"cors,omitempty"`
	Send    string      `json:"send"`
	Answers []rpcAnswer `json:"answers"`
}

// rpcAnswer leaves out what names a time or how the body is delimited.
type rpcAnswer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Closes  bool              `json:"closes,omitempty"` // says so
}

// A method's result is its argument.
type echoed[T any] struct {
	Value T `json:"value"`
}

func echo[T any](_ *types.Context, value T) (*echoed[T], error) { return &echoed[T]{value}, nil }

// rpcMethods has one for each kind of argument that CometBFT's methods take.
func rpcMethods() map[string]*server.RPCFunc {
	return map[string]*server.RPCFunc{
		"nothing": server.NewRPCFunc(func(*types.Context) (*echoed[bool], error) { return &echoed[bool]{}, nil }, ""),
		"number":  server.NewRPCFunc(echo[*int64], "number", server.Cacheable("number")),
		"plain":   server.NewRPCFunc(echo[int64], "plain", server.Cacheable()),
		"count":   server.NewRPCFunc(echo[uint], "count"),
		"flag":    server.NewRPCFunc(echo[bool], "flag"),
		"text":    server.NewRPCFunc(echo[string], "text"),
		"raw":     server.NewRPCFunc(echo[[]byte], "raw"),
		"hex":     server.NewRPCFunc(echo[cmtbytes.HexBytes], "hex"),
		"two": server.NewRPCFunc(func(_ *types.Context, text string, plain int64) (*echoed[int64], error) {
			return &echoed[int64]{plain}, nil
		}, "text,plain"),
		"fails":     server.NewRPCFunc(func(*types.Context) (*echoed[bool], error) { return nil, fmt.Errorf("no such <block>") }, ""),
		"subscribe": server.NewWSRPCFunc(echo[string], "query"),
	}
}

const rpcReadTimeout = 400 * time.Millisecond

func rpcServer(allowed *cors.Options) net.Listener {
	mux := http.NewServeMux()
	server.RegisterRPCFuncs(mux, rpcMethods(), log.NewNopLogger())
	var handler http.Handler = mux
	if allowed != nil {
		handler = cors.New(*allowed).Handler(mux)
	}
	config := server.DefaultConfig()
	config.ReadTimeout = rpcReadTimeout
	config.MaxBodyBytes = 1000
	config.MaxHeaderBytes = 1 << 12
	config.MaxRequestBatchSize = 3
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go func() { _ = server.Serve(listener, handler, log.NewNopLogger(), config) }()
	return listener
}

func ask(at net.Addr, send string) []rpcAnswer {
	conn := must(new(net.Dialer).DialContext(context.Background(), "tcp", at.String()))
	defer conn.Close()
	go func() { _, _ = conn.Write([]byte(send)) }()
	_ = conn.SetReadDeadline(time.Now().Add(10 * rpcReadTimeout))
	verb, _, _ := strings.Cut(send, " ")
	answers := []rpcAnswer{}
	for in := bufio.NewReader(conn); ; {
		reply, err := http.ReadResponse(in, &http.Request{Method: verb})
		if err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF && !strings.Contains(err.Error(), "reset") {
				panic(fmt.Sprintf("%q: %v", send, err))
			}
			return answers
		}
		body, _ := io.ReadAll(reply.Body)
		a := rpcAnswer{reply.StatusCode, map[string]string{}, rpcNeutral(string(body)), reply.Close}
		for name := range reply.Header {
			switch name {
			case "Date", "Content-Length", "Transfer-Encoding", "Connection":
			case "X-Server-Time":
				a.Headers[name] = "TIME"
			default:
				a.Headers[name] = strings.Join(reply.Header.Values(name), ", ")
			}
		}
		answers = append(answers, a)
	}
}

var rpcAddresses = regexp.MustCompile(`127\.0\.0\.1:\d+-\\u003e127\.0\.0\.1:\d+`)

func rpcNeutral(body string) string { return rpcAddresses.ReplaceAllString(body, "ADDRESSES") }

func rpcCases() []rpcCase {
	plain := rpcServer(nil)
	defer plain.Close()
	any := rpcServer(&cors.Options{AllowedOrigins: []string{"*"}, AllowedMethods: []string{"HEAD", "GET", "POST"},
		AllowedHeaders: []string{"Origin", "Accept", "Content-Type", "X-Requested-With", "X-Server-Time"}})
	defer any.Close()
	cases := rpcTable()
	for i := range cases {
		at := plain.Addr()
		if cases[i].Cors {
			at = any.Addr()
		}
		cases[i].Answers = ask(at, cases[i].Send)
	}
	return cases
}
