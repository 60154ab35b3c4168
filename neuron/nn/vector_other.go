//go:build !amd64

package nn

// assembly lists the sets that this CPU can run: none.
func assembly() []vectors { return nil }
