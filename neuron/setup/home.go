package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/taonet/taonet/neuron"
	"github.com/taonet/taonet/neuron/chain"
	"github.com/taonet/taonet/neuron/store"
	"github.com/taonet/taonet/neuron/synapse"
)

const (
	// configName is the configuration's file in a home.
	configName = "neuron.yaml"
	// certificateName is the file of the axon's key in a home, which neuron run makes too.
	certificateName = "axon.pem"
	// wireVersion is the version of tao.synapse in the axon record.
	wireVersion = 1
)

// ErrExists says that the home has a neuron.
var ErrExists = errors.New("there is a neuron already")

// Free fails with ErrExists when a home has a configuration.
func Free(cfg *neuron.Config) error {
	dir, err := neuron.Home(cfg)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, configName)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%w: %s is not written over; change it with an editor, or choose another --home", ErrExists, path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Write writes the commented configuration into its home and returns the file's name. It
// fails with ErrExists.
func Write(cfg *neuron.Config) (string, error) {
	if err := Free(cfg); err != nil {
		return "", err
	}
	dir, err := neuron.Home(cfg)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, configName)
	return path, store.WriteFile(path, neuron.Commented(cfg))
}

// Certificate of the axon, whose fingerprint stands on chain; made when it is not there.
func Certificate(cfg *neuron.Config) ([]byte, error) {
	dir, err := neuron.Home(cfg)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, certificateName)
	pem, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return pem, err
	}
	if pem, err = synapse.NewCertificate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return pem, store.WriteFile(path, pem)
}

// Record is the axon record of a configuration and a key's fingerprint. It fails when
// nothing is advertised.
func Record(cfg *neuron.Config, fingerprint [32]byte) (chain.Axon, error) {
	if cfg.Axon.Advertise == "" {
		return chain.Axon{}, errors.New("axon.advertise is empty, so there is no address to publish: set it to the host:port that others reach this neuron at")
	}
	host, port, err := net.SplitHostPort(cfg.Axon.Advertise)
	if err != nil {
		return chain.Axon{}, fmt.Errorf("axon.advertise: %w", err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return chain.Axon{}, fmt.Errorf("axon.advertise: %w", err)
	}
	record := chain.Axon{Host: host, Port: uint16(number), Version: wireVersion, Fingerprint: fingerprint}
	for _, p := range cfg.Axon.Prices {
		if record.Prices == nil {
			record.Prices = map[string]uint64{}
		}
		record.Prices[p.Unit] = p.Amount
	}
	return record, nil
}
