package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/taonet/taonet/neuron/setup"
	"github.com/taonet/taonet/neuron/synapse"
)

const (
	// certificateName is the axon's key in a home.
	certificateName = "axon.pem"
	// dialPatience is how long the advertised address may take to answer.
	dialPatience = 5 * time.Second
)

// axon looks whether others find and reach this neuron.
func (e *exam) axon(ctx context.Context) {
	if e.cfg.Axon.Advertise == "" {
		e.skipped(checkRecord, "to be asked and paid, set axon.listen and axon.advertise", "axon.advertise is empty: this neuron answers nobody")
		e.skipped(checkReach, "", "axon.advertise is empty")
		return
	}
	pem, err := e.certificate()
	if err != nil {
		e.failed(checkRecord, "move "+certificateName+" away and run the neuron, which makes another", "%v", err)
		e.skipped(checkReach, "", "the axon has no key")
		return
	}
	config, fingerprint, err := synapse.ServerTLS(pem)
	if err != nil {
		e.failed(checkRecord, "move "+certificateName+" away and run the neuron, which makes another", "%v", err)
		e.skipped(checkReach, "", "the axon has no key")
		return
	}
	e.record(fingerprint)
	e.reach(ctx, config, fingerprint)
}

// certificate of the home; another where there is none yet.
func (e *exam) certificate() ([]byte, error) {
	pem, err := os.ReadFile(filepath.Join(e.home, certificateName))
	if errors.Is(err, os.ErrNotExist) {
		return synapse.NewCertificate()
	}
	return pem, err
}

// record compares what is on chain with the configuration.
func (e *exam) record(fingerprint [32]byte) {
	want, err := setup.Record(e.cfg, fingerprint)
	switch {
	case err != nil:
		e.failed(checkRecord, "correct axon.advertise", "%v", err)
	case e.place == nil:
		e.skipped(checkRecord, "", "this neuron is not registered, or no node answers")
	case e.place.Axon == nil && e.running:
		e.failed(checkRecord, "look at the log of the neuron, which tries again, or: neuron serve", "there is none on chain, and the neuron runs")
	case e.place.Axon == nil:
		e.skipped(checkRecord, "neuron run writes it, and so does neuron serve", "there is none on chain yet")
	case e.place.Axon.Same(want):
		e.ok(checkRecord, "%s since block %d", want.Address(), e.place.Axon.Height)
	case e.place.Axon.Fingerprint != fingerprint:
		e.failed(checkRecord, "neuron serve, or start the neuron anew", "%s is on chain with the key of another home", e.place.Axon.Address())
	default:
		e.failed(checkRecord, "neuron serve, or start the neuron anew", "%s is on chain, and the configuration says %s, or other prices", e.place.Axon.Address(), want.Address())
	}
}

// reach calls the advertised address. Where no neuron runs it answers in its place.
func (e *exam) reach(ctx context.Context, config *tls.Config, fingerprint [32]byte) {
	if !e.running {
		stop, err := answer(e.cfg.Axon.Listen, config)
		if err != nil {
			e.skipped(checkReach, "", "axon.listen cannot be had: %v", err)
			return
		}
		defer stop()
	}
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	address := e.cfg.Axon.Advertise
	dialer := &tls.Dialer{NetDialer: &net.Dialer{}, Config: synapse.ClientTLS(fingerprint)}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	switch {
	case errors.Is(err, synapse.ErrFingerprint):
		e.failed(checkReach, "something else answers at this address: forward it to "+e.cfg.Axon.Listen, "%s: %v", address, err)
	case err != nil:
		e.failed(checkReach, "forward "+address+" to "+e.cfg.Axon.Listen+" in router and firewall, or correct axon.advertise", "%s: %v", address, err)
	default:
		_ = conn.Close() // nothing was said
		e.ok(checkReach, "%s answers with the right key, called from this machine", address)
	}
}

// answer shakes hands with whoever calls until stop.
func answer(address string, config *tls.Config) (stop func(), err error) {
	l, err := tls.Listen("tcp", address, config)
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(dialPatience)) // a handshake is all there is
			if c, ok := conn.(*tls.Conn); ok {
				_ = c.Handshake() // the caller says what was wrong with it
			}
			_ = conn.Close()
		}
	}()
	return func() {
		_ = l.Close() // it only answered us
		<-done
	}, nil
}
