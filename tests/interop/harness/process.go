// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Process is one run of a program. Its output goes to a file that earlier runs may have begun.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait, once done is closed
}

// The kernel ends a child when the thread that started it ends (PDEATHSIG), so that nothing survives this program
// however it dies. Therefore all children are started from one thread that stays.
var spawn = make(chan func())

// Once the suite is ending nothing is started any more: its folder is being removed.
var ending atomic.Bool

func init() {
	go func() {
		runtime.LockOSThread()
		for f := range spawn {
			if ending.Load() {
				select {}
			}
			f()
		}
	}()
}

// StartProcess runs a program with its output appended to a file.
func StartProcess(logPath, dir string, env []string, path string, args ...string) (*Process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(cleanEnv(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	spawn <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, err
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// A user's own CMT_ variables would override the files that this suite writes.
func cleanEnv() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "CMT") && !strings.HasPrefix(pair, "TMHOME") {
			env = append(env, pair)
		}
	}
	return env
}

// PID of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Running says whether it has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends a signal to the process alone.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// Kill is kill -9, and waits.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Wait waits for the end and returns the exit code; an error when it does not end in time.
func (p *Process) Wait(limit time.Duration) (int, error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		return 0, fmt.Errorf("still runs after %v", limit)
	}
}

// WaitSignal waits for the end and returns the name of the signal that was its cause; empty where the process exited.
func (p *Process) WaitSignal(limit time.Duration) (string, error) {
	if _, err := p.Wait(limit); err != nil {
		return "", err
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String(), nil
	}
	return "", fmt.Errorf("it exits with %d", p.cmd.ProcessState.ExitCode())
}

// CPU returns user and system time of an ended process, and its largest resident set in bytes.
func (p *Process) CPU() (cpu time.Duration, rssMax int64) {
	state := p.cmd.ProcessState
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		rssMax = usage.Maxrss * 1024
	}
	return state.UserTime() + state.SystemTime(), rssMax
}

// Run runs a program to its end and returns its two outputs and its exit code.
func Run(limit time.Duration, env []string, path string, args ...string) (stdout, stderr string, code int, err error) {
	cmd := exec.Command(path, args...)
	cmd.Env = append(cleanEnv(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	started := make(chan error)
	spawn <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return "", "", 0, err
	}
	timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	if !timer.Stop() {
		return out.String(), errs.String(), -1, fmt.Errorf("%s %s: still runs after %v", path, strings.Join(args, " "), limit)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode(), err
}

// Tail returns the last lines of a file.
func Tail(path string, lines int) string {
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if size, err := file.Seek(0, io.SeekEnd); err == nil && size > 64<<10 {
		_, _ = file.Seek(-(64 << 10), io.SeekEnd)
	} else {
		_, _ = file.Seek(0, io.SeekStart)
	}
	data, _ := io.ReadAll(file)
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	for i, line := range all {
		if len(line) > 400 {
			all[i] = line[:400] + "..."
		}
	}
	return "    | " + strings.Join(all, "\n    | ")
}
