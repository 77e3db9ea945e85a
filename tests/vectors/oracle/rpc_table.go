// SPDX-License-Identifier: Apache-2.0
package main

import (
	"fmt"
	"strings"
)

func get(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
}

func post(body string) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// rpcTable is everything that is asked.
func rpcTable() []rpcCase {
	cases := []rpcCase{}
	group := "arguments"
	add := func(name, send string) { cases = append(cases, rpcCase{Group: group, Name: name, Send: send}) }
	with := func(headers string) string {
		return "GET /nothing HTTP/1.1\r\nHost: x\r\n" + headers + "Connection: close\r\n\r\n"
	}

	for _, values := range []struct{ method, list string }{
		{"number", `5 "5" -5 007 "007" 9223372036854775807 9223372036854775808 -9223372036854775808 0x05 0Xff "0x05" null true 5.0 1e3 +5 %205 abc "abc" "" "5 [5] {}`},
		{"plain", `5 "5" 0 null -1 9223372036854775808 0x1`},
		{"count", `5 "5" 0 -1 18446744073709551615 18446744073709551616 0x1 null`},
		{"flag", `true false "true" 1 0 0x01 null TRUE t`},
		{"text", `"abc" "" abc 0x616263 0xff 0xf 0xzz 5 "5" null "\u00e9\n" %22a%20b%22 "a+b" 'abc' "a`},
		{"raw", `"abc" abc 0x616263 0X616263 0x 0xf 0xzz YWJj "YWJj" 5 null true "\u00e9" "a`},
		{"hex", `"abc" "616263" 0x616263 0xf 616263 YWJj null "zz"`},
	} {
		for _, value := range strings.Split(values.list, " ") {
			add("url: "+values.method+" "+value, get("/"+values.method+"?"+values.method+"="+value))
		}
	}
	group = "jsonrpc"
	for _, path := range []string{"/number", "/number?", "/number?number", "/number?number=", "/number?Number=5", "/number?number=5&number=6",
		"/number?number=&number=6", "/number?number=5;x=6", "/number?x=%zz&number=5", "/number?number=%zz", "/number#number=5", "/%6eumber?number=5",
		"/number/", "//number", "/number/../plain", "/two?text=\"a\"&plain=3", "/two?plain=3", "/fails", "/subscribe", "/subscribe?query=\"x\"",
		"/nowhere", "/", "*", "/%zz", "http://x/number?number=5", "/nothing?unknown=1", "/number?number=5%00", "/text?text=\"<&>\""} {
		add("path: "+path, get(path))
	}
	form := "number=5"
	add("a form", fmt.Sprintf("POST /number HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\n\r\n%s", len(form), form))
	add("a form for GET", fmt.Sprintf("GET /number HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\n\r\n%s", len(form), form))
	add("a query before a form", fmt.Sprintf("POST /number?number=7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form))

	group = "arguments"
	call := func(method, params string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
	}
	for _, values := range []struct{ method, list string }{
		{"number", `"5" 5 "-5" "007" "9223372036854775808" null true "abc" "" [] {} 5.5 "5.5" "0x5" "+5" "5`},
		{"plain", `"5" 5 null "9223372036854775807" "-9223372036854775809"`},
		{"count", `"5" "-1" 5 null "18446744073709551616"`},
		{"flag", `true false "true" 1 null`},
		{"text", `"abc" 5 null "\u0000" "\ud800" ["a"]`},
		{"raw", `"YWJj" "YWJ" "YWJj\n" "!!" "" null 5 [97] true`},
		{"hex", `"616263" "abc" "6A" "zz" "" null 5`},
	} {
		for _, value := range strings.Split(values.list, " ") {
			add("object: "+values.method+" "+value, post(call(values.method, `{"`+values.method+`":`+value+`}`)))
			add("array: "+values.method+" "+value, post(call(values.method, `[`+value+`]`)))
		}
	}
	for _, params := range []string{`[]`, `{}`, `null`, `["a"]`, `["a","1"]`, `["a","1","2"]`, `[1, 2 ,3]`, `{"text":"a"}`, `{"TEXT":"a"}`,
		`{"text":"a","text":"b"}`, `{"plain":"1","unknown":{"x":[]}}`, `"text"`, `5`, `true`, `[null,null]`} {
		add("params: "+params, post(call("two", params)))
	}
	group = "jsonrpc"
	for _, id := range []string{`1`, `-1`, `0`, `"a"`, `""`, `"é<"`, `1.9`, `-1.9`, `1e3`, `1e30`, `null`, `true`, `[]`, `{}`, `9007199254740993`} {
		add("id: "+id, post(`{"jsonrpc":"2.0","id":`+id+`,"method":"nothing"}`))
	}
	one, note := call("nothing", "[]"), `{"jsonrpc":"2.0","method":"nothing"}`
	for _, body := range []string{one, note, `[` + one + `]`, `[` + one + `,` + one + `]`, `[` + one + `,` + one + `,` + one + `]`,
		`[` + one + `,` + one + `,` + one + `,` + one + `]`, `[` + note + `,` + note + `,` + note + `,` + note + `]`, `[]`, ` [ ] `,
		`[` + note + `]`, `[` + note + `,` + one + `]`, `[` + one + `,` + call("nowhere", "[]") + `,` + call("fails", "{}") + `]`,
		`[` + call("plain", `["1"]`) + `,` + call("plain", `["2"]`) + `]`, `[` + call("plain", `["1"]`) + `,` + one + `]`, `[1]`, `[` + one + `,1]`,
		`[null]`, `null`, `1`, `"x"`, `true`, `{}`, `{"id":1}`, `{"id":1,"method":null}`, `{"id":1,"method":5}`, `{"ID":1,"METHOD":"nothing"}`,
		`{"id":1,"method":"nothing","params":5}`, `{"id":1,"method":"nothing","params":"x"}`, `{"jsonrpc":5,"id":1,"method":"nothing"}`,
		`{"jsonrpc":"1.0","id":1,"method":"nothing"}`, `{"id":1,"method":"subscribe"}`, `{"id":1,"method":"number"}`, `{"id":1,"method":"plain"}`,
		`{"id":1,"method":"two"}`, `{"id":1,"method":"fails"}`, `{`, `[`, `{"id":1}}`, `{"id":1} x`, `nul`, ` `, "\x00", `{"id":01}`, `[` + one + `,]`,
		`[` + one + `,{"id":[],"method":"nothing"}]`, `[[` + one + `]]`} {
		add("body: "+body, post(body))
	}

	add("an empty body", post(""))
	add("a body without a length", "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	group = "http"
	add("a body in chunks", "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"+
		fmt.Sprintf("5\r\n%s\r\n%x;ext=1\r\n%s\r\n0\r\nTrailer: x\r\n\r\n", one[:5], len(one)-5, one[5:]))
	add("a chunk whose length is none", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n")
	add("chunks over the limit", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+
		strings.Repeat("fa\r\n"+strings.Repeat("x", 250)+"\r\n", 5)+"0\r\n\r\n")
	add("a body at the limit", post(one+strings.Repeat(" ", 1000-len(one))))
	add("a body over the limit", post(one+strings.Repeat(" ", 1001-len(one))))
	add("a body over the limit for a URL", fmt.Sprintf("POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n%s", strings.Repeat(" ", 1001)))
	add("a body that GET has", fmt.Sprintf("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(one), one))
	add("a body that waits", fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n%s", len(one), one))
	add("another expectation", fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: beer\r\nContent-Length: %d\r\n\r\n%s", len(one), one))

	for _, verb := range []string{"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"} {
		add(verb+" /nothing", strings.Replace(get("/nothing"), "GET", verb, 1))
	}
	add("HEAD /", strings.Replace(get("/"), "GET", "HEAD", 1))
	add("PUT /", strings.Replace(get("/"), "GET", "PUT", 1))
	add("CONNECT", strings.Replace(get("x:80"), "GET", "CONNECT", 1))

	keep := strings.Replace(get("/number?number=1"), "Connection: close\r\n", "", 1)
	add("three requests at once", keep+keep+get("/plain?plain=3"))
	add("a request after one that closes", get("/plain?plain=3")+keep)
	add("requests that are kept alive", keep+keep)
	add("HTTP/1.0", "GET /nothing HTTP/1.0\r\n\r\n")
	add("HTTP/1.0 that stays", "GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /nothing HTTP/1.0\r\n\r\n")
	add("empty lines first", "\r\n\r\n"+get("/nothing"))
	add("lines without CR", strings.ReplaceAll(get("/nothing"), "\r\n", "\n"))
	add("no Host", "GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n")
	add("two Hosts", with("Host: y\r\n"))
	add("an empty Host", "GET /nothing HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")
	for _, line := range []string{"GET /nothing", "GET /nothing HTTP/2.0", "GET /nothing HTTP/9.9", "GET /nothing HTTP/1.2", "GET /nothing HTTP/0.9",
		"GET /nothing http/1.1", "GET /nothing HTTP/1", "GET  /nothing HTTP/1.1", "GET /no thing HTTP/1.1", "G(T /nothing HTTP/1.1", "/nothing HTTP/1.1",
		"noise", "GET nothing HTTP/1.1", "PRI * HTTP/2.0"} {
		add("line: "+line, line+"\r\nHost: x\r\nConnection: close\r\n\r\n")
	}
	for _, header := range []string{"nonsense", "A : b", "A: \x00", ": b", "A: b\r\n continued", "Content-Length: many", "Content-Length: -5", "Content-Length: 0\r\nContent-Length: 3",
		"Content-Length: 0\r\nContent-Length: 0", "Content-Length: 9223372036854775808", "Content-Length: +0", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, gzip",
		"Transfer-Encoding: identity", "Upgrade: websocket"} {
		add("header: "+header, with(header+"\r\n"))
	}
	add("a length and chunks", "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	add("headers over the limit", with(strings.Repeat("A: "+strings.Repeat("b", 100)+"\r\n", 100)))
	add("a line over the limit", get("/nothing?"+strings.Repeat("x", 10000)))
	add("a line that does not end in time", "GET /noth")
	add("headers that do not end in time", "GET /nothing HTTP/1.1\r\nHost: x\r\n")
	add("a body that does not end in time", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
	add("nothing", "")

	for _, origin := range []string{"", "Origin: http://a.example\r\n"} {
		cases = append(cases, rpcCase{Group: "http", Name: "origin " + origin, Cors: true, Send: with(origin)})
		for _, asked := range []string{"GET", "POST", "DELETE", "get"} {
			for _, headers := range []string{"", "Access-Control-Request-Headers: content-type\r\n", "Access-Control-Request-Headers: x-other\r\n"} {
				cases = append(cases, rpcCase{Group: "http", Name: fmt.Sprintf("preflight %s %s%s", asked, origin, headers), Cors: true,
					Send: strings.Replace(with(origin+"Access-Control-Request-Method: "+asked+"\r\n"+headers), "GET", "OPTIONS", 1)})
			}
		}
	}
	cases = append(cases, rpcCase{Group: "http", Name: "OPTIONS that asks for no method", Cors: true,
		Send: strings.Replace(with("Origin: http://a.example\r\n"), "GET", "OPTIONS", 1)})
	cases = append(cases, rpcCase{Group: "http", Name: "a method that is not allowed", Cors: true,
		Send: strings.Replace(with("Origin: http://a.example\r\n"), "GET", "DELETE", 1)})
	add("a preflight without CORS",
		strings.Replace(with("Origin: http://a.example\r\nAccess-Control-Request-Method: GET\r\n"), "GET", "OPTIONS", 1))
	return cases
}
