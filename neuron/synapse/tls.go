package synapse

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// ErrFingerprint says that the server's key is not the one on chain.
var ErrFingerprint = errors.New("synapse: the server's key is not the one on chain")

// Fingerprint of a certificate is the SHA-256 of its public key (SubjectPublicKeyInfo, DER).
func Fingerprint(c *x509.Certificate) [sha256.Size]byte {
	return sha256.Sum256(c.RawSubjectPublicKeyInfo)
}

// NewCertificate makes a key and a certificate that it signed itself, as two PEM
// blocks. Nobody reads the name or the dates: peers know the key by its fingerprint.
func NewCertificate() ([]byte, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "neuron"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...), nil
}

// ServerTLS is the configuration of a server with what NewCertificate made, and the
// fingerprint of its key.
func ServerTLS(pemBlocks []byte) (*tls.Config, [sha256.Size]byte, error) {
	pair, err := tls.X509KeyPair(pemBlocks, pemBlocks)
	if err != nil {
		return nil, [sha256.Size]byte{}, fmt.Errorf("synapse: certificate: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}}
	return config, Fingerprint(pair.Leaf), nil
}

// ClientTLS is the configuration of a client that talks to the holder of one key alone.
// A handshake with another fails with ErrFingerprint.
func ClientTLS(fingerprint [sha256.Size]byte) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}, ServerName: "neuron",
		InsecureSkipVerify: true, //nolint:gosec // the key is verified below, against the chain and not a CA
		VerifyConnection: func(state tls.ConnectionState) error {
			if got := Fingerprint(state.PeerCertificates[0]); got != fingerprint {
				return fmt.Errorf("%w: %x, the axon record has %x", ErrFingerprint, got, fingerprint)
			}
			return nil
		},
	}
}
