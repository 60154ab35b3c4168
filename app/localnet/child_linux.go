package localnet

import "syscall"

// childAttributes keep a terminal's Ctrl-C from the nodes, which are stopped in
// order, and end them when the supervisor is killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
