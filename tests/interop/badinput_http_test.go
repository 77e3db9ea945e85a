// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// httpWay is a request that is none. `status` is how the answer has to begin, one of several; with none, the node may close
// without a word.
type httpWay struct {
	name   string
	send   []byte
	status string
}

const rpcCall = `{"jsonrpc":"2.0","id":1,"method":"health","params":{}}`

func post(headers, body string) []byte {
	return []byte("POST / HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body)
}

// whole is a request that is well as far as HTTP goes.
func whole(body string) []byte {
	return post(fmt.Sprintf("Connection: close\r\nContent-Length: %d\r\n", len(body)), body)
}

// http breaks requests. Each must be answered with an error or closed, in good time and without keeping it in memory.
func (v *victim) http(t *testing.T) {
	length := fmt.Sprintf("Content-Length: %d\r\n", len(rpcCall))
	big := strings.Repeat("x", 3<<20)
	for _, way := range []httpWay{
		{"noise", noise(5000), ""},
		{"noise in lines", bytes.ReplaceAll(noise(5000), []byte{0}, []byte("\r\n")), ""},
		{"nothing but line ends", bytes.Repeat([]byte("\r\n"), 100_000), ""},
		{"no version", []byte("GET /health\r\n\r\n"), "HTTP/1.1 400"},
		{"HTTP/2", []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ""},
		{"version 9.9", []byte("GET /health HTTP/9.9\r\nHost: x\r\n\r\n"), "HTTP/1.1 505|HTTP/1.1 400"},
		{"a header without colon", []byte("GET /health HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n"), "HTTP/1.1 400"},
		{"a header with a blank before the colon", []byte("GET /health HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"), "HTTP/1.1 400"},
		{"a header with a NUL", []byte("GET /health HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n"), "HTTP/1.1 400"},
		{"a URI of 3 MiB", []byte("GET /" + big + " HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 4"},
		{"a header of 3 MiB", []byte("GET /health HTTP/1.1\r\nHost: x\r\nA: " + big + "\r\n\r\n"), "HTTP/1.1 431|HTTP/1.1 400"},
		{"headers without end", []byte("GET /health HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 500_000)), "HTTP/1.1 431|HTTP/1.1 400"},
		{"a length that is none", post("Content-Length: many\r\n", rpcCall), "HTTP/1.1 400"},
		{"a negative length", post("Content-Length: -5\r\n", rpcCall), "HTTP/1.1 400"},
		{"two lengths", post(length+"Content-Length: 3\r\n", rpcCall), "HTTP/1.1 400"},
		{"a length of 2^63", post("Content-Length: 9223372036854775808\r\n", rpcCall), "HTTP/1.1 400"},
		{"a body over the limit", post(fmt.Sprintf("Content-Length: %d\r\n", len(big)), big), "HTTP/1.1 400"},
		{"a body of 10 GB, announced", post("Content-Length: 10000000000\r\n", big), "HTTP/1.1 400"},
		{"chunks without end", post("Transfer-Encoding: chunked\r\n", strings.Repeat("10000\r\n"+strings.Repeat("y", 65536)+"\r\n", 100)), "HTTP/1.1 400"},
		{"a chunk whose length is none", post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n"), "HTTP/1.1 400"},
		{"a chunk of 2^64", post("Transfer-Encoding: chunked\r\n", "10000000000000000\r\nabc\r\n"), "HTTP/1.1 400"},
		{"an encoding that is not", post("Transfer-Encoding: gzip\r\n", rpcCall), "HTTP/1.1 501|HTTP/1.1 400"},
		{"JSON ten thousand deep", whole(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), "HTTP/1.1 500"},
		{"JSON 800 thousand deep", whole(strings.Repeat("[", 800_000)), "HTTP/1.1 500"},
		{"JSON that ends early", whole(rpcCall[:10]), "HTTP/1.1 500"},
		{"JSON that is not UTF-8", whole("{\"\xff\xfe\":1"), "HTTP/1.1 500"},
		{"a number without end", whole(`{"id":1` + strings.Repeat("0", 500_000) + "}}"), ""},
	} {
		v.request(t, way)
		v.attacked(t, way.name)
	}
	v.pipeline(t)
	v.calm(t)
}

// request sends and reads at the same time, for the node may answer before it has read all of it.
func (v *victim) request(t *testing.T, way httpWay) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", v.rpc, 3*time.Second)
	if err != nil {
		t.Errorf("%s: %v", way.name, err)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(15 * time.Second))
	go func() {
		_, _ = conn.Write(way.send)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	begin := time.Now()
	answer, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if timeout, is := err.(net.Error); is && timeout.Timeout() {
		t.Errorf("%s: neither an answer that ends nor an end after %v; got %.100q", way.name, time.Since(begin), answer)
		return
	}
	// A node that closes while we still send resets the connection, and its answer may be lost with it.
	if err == nil && way.status != "" && !beginsWithOne(string(answer), way.status) {
		t.Errorf("%s: expected %q, got %.200q", way.name, way.status, answer)
	}
	if strings.HasPrefix(string(answer), "HTTP/1.1 200") {
		t.Errorf("%s: taken for a good request: %.200q", way.name, answer)
	}
}

func beginsWithOne(text, of string) bool {
	for _, begin := range strings.Split(of, "|") {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}

// pipeline sends a thousand requests at once and counts the answers.
func (v *victim) pipeline(t *testing.T) {
	t.Helper()
	const count = 1000
	conn, err := net.DialTimeout("tcp", v.rpc, 3*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	one := string(post(fmt.Sprintf("Content-Length: %d\r\n", len(rpcCall)), rpcCall))
	last := string(post(fmt.Sprintf("Connection: close\r\nContent-Length: %d\r\n", len(rpcCall)), rpcCall))
	go func() { _, _ = conn.Write([]byte(strings.Repeat(one, count-1) + last)) }()
	answer, err := io.ReadAll(conn)
	if got := strings.Count(string(answer), `"result":{}`); err != nil || got != count {
		t.Errorf("%d requests at once have %d answers (%v)", count, got, err)
	}
	v.attacked(t, "a thousand requests at once")
}

// slowHTTP opens many connections whose requests never end. The node gives a request ten seconds.
func (v *victim) slowHTTP(t *testing.T) {
	const count = 300
	var conns []net.Conn
	for i := 0; i < count; i++ {
		conn, err := net.DialTimeout("tcp", v.rpc, 3*time.Second)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		begin := "GET /health HTTP/1.1\r\nHost: x\r\nA: "
		if i%2 == 1 {
			begin = string(post("Content-Length: 1000\r\n", rpcCall[:5]))
		}
		_, _ = conn.Write([]byte(begin))
		conns = append(conns, conn)
	}
	v.attacked(t, "300 requests that do not end")
	// A byte now and then must not buy more time.
	stop := make(chan bool)
	go func() {
		ticker := time.NewTicker(500 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				for _, conn := range conns {
					_, _ = conn.Write([]byte("x"))
				}
			}
		}
	}()
	begin := time.Now()
	open := 0
	for _, conn := range conns {
		_ = conn.SetReadDeadline(begin.Add(25 * time.Second))
		buffer := make([]byte, 4096)
		for {
			_, err := conn.Read(buffer)
			if err == nil {
				continue
			}
			if timeout, is := err.(net.Error); is && timeout.Timeout() {
				open++
			}
			break
		}
	}
	close(stop)
	if open > 0 {
		t.Errorf("%d of %d requests that do not end are still open after %v", open, count, time.Since(begin))
	}
	v.attacked(t, "300 requests that do not end, after their time")
	v.calm(t)
}
