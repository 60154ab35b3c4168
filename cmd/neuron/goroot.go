package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
)

// goroot is the folder of this machine's Go, whose text neurons learn from when they are
// given none; empty where there is no Go.
func goroot() string {
	if dir := os.Getenv("GOROOT"); dir != "" {
		return dir
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// writeLine writes a value as JSON in one line.
func writeLine(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
