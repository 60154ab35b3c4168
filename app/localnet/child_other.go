//go:build !linux

package localnet

import "syscall"

// childAttributes keep a terminal's Ctrl-C from the nodes, which are stopped in order.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
