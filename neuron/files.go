package neuron

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/taonet/taonet/neuron/store"
	"github.com/taonet/taonet/neuron/synapse"
)

// Files of a neuron's home.
const (
	fileLock        = "lock"
	fileCertificate = "axon.pem"
	fileScores      = "scores.json"
	fileRows        = "rows.json"
	fileHotkeys     = "hotkeys.json"
	dirCheckpoints  = "checkpoints"
	dirRemote       = "remote" // what the process of a model has saved last
)

// home is a neuron's folder, held by one process.
type home struct {
	dir  string
	lock *os.File
}

// openHome makes the folder if it is not there and takes its lock.
func openHome(dir string) (*home, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("home: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, fileLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("home: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("home %s is in use by another neuron: stop it, or give this one a home of its own", dir), lock.Close())
	}
	return &home{dir, lock}, nil
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

// close gives the lock back.
func (h *home) close() error { return h.lock.Close() }

// read a file; nil when it is not there.
func (h *home) read(name string) ([]byte, error) {
	b, err := os.ReadFile(h.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// write makes a file durable.
func (h *home) write(name string, content []byte) error {
	return store.WriteFile(h.path(name), content)
}

// certificate of the axon, made once: its fingerprint stands on chain.
func (h *home) certificate() ([]byte, error) {
	pem, err := h.read(fileCertificate)
	if pem != nil || err != nil {
		return pem, err
	}
	if pem, err = synapse.NewCertificate(); err != nil {
		return nil, err
	}
	return pem, h.write(fileCertificate, pem)
}
