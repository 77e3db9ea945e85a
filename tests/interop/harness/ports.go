// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"net"
	"os"
	"sync"
)

// Ports are taken below the range from which the kernel gives ports to outgoing connections, and where tests/e2e and a network of
// `./dev net` take none: a node that is down for a moment finds its own port free again.
const (
	portFirst = 20000
	portLast  = 25999
)

var (
	portMutex sync.Mutex
	portNext  = portFirst + os.Getpid()*37%(portLast-portFirst)
)

// FreePort returns a loopback port that nobody listens on. No port is returned twice.
func FreePort() int {
	portMutex.Lock()
	defer portMutex.Unlock()
	for tries := 0; tries < portLast-portFirst; tries++ {
		port := portNext
		portNext++
		if portNext > portLast {
			portNext = portFirst
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			listener.Close()
			return port
		}
	}
	panic("no free port on the loopback")
}
