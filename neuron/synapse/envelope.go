package synapse

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

const (
	// NonceBytes is the length of a nonce.
	NonceBytes = 16
	// MaxHead is the longest head in bytes that is read.
	MaxHead = 1024
	// MaxSignature is the longest signature in bytes that is read.
	MaxSignature = 128

	headKey      = "tao-head-bin"
	signatureKey = "tao-signature-bin"

	requestDomain  = "tao/synapse/v1/request\n"
	responseDomain = "tao/synapse/v1/response\n"
)

// What can be wrong with a signed message; errors.Is tells them apart.
var (
	// ErrUnsigned: there is no head or no signature.
	ErrUnsigned = errors.New("synapse: not signed")
	// ErrMalformed: a head that is too long or is none.
	ErrMalformed = errors.New("synapse: malformed head")
	// ErrBody: the message is not the one that was signed.
	ErrBody = errors.New("synapse: the signed hash is of another message")
	// ErrSignature: the key has another address, or did not sign this.
	ErrSignature = errors.New("synapse: wrong signature")
	// ErrOther: an answer to another request, or of another neuron.
	ErrOther = errors.New("synapse: the answer belongs to something else")
)

// Signer signs as one hotkey. It is safe for concurrent use.
type Signer interface {
	// Address of the hotkey.
	Address() string
	// Key is its public key; it must not be changed.
	Key() *Key
	// Sign signs a message.
	Sign(message []byte) ([]byte, error)
}

// Verifier checks signatures. It is safe for concurrent use.
type Verifier interface {
	// Verify fails unless key has the address and made the signature.
	Verify(address string, key *Key, message, signature []byte) error
}

// Signed is the serialised head of a message and the signature over it.
type Signed struct{ Head, Signature []byte }

// Metadata is s as it travels.
func (s Signed) Metadata() metadata.MD {
	return metadata.Pairs(headKey, string(s.Head), signatureKey, string(s.Signature))
}

// FromMetadata is the inverse of Metadata. It fails with ErrUnsigned or ErrMalformed.
func FromMetadata(md metadata.MD) (Signed, error) {
	head, signature := md.Get(headKey), md.Get(signatureKey)
	if len(head) != 1 || len(signature) != 1 {
		return Signed{}, fmt.Errorf("%w: metadata has %d of %s and %d of %s, need one of each", ErrUnsigned, len(head), headKey, len(signature), signatureKey)
	}
	if len(head[0]) > MaxHead || len(signature[0]) > MaxSignature {
		return Signed{}, fmt.Errorf("%w: %d bytes of head (at most %d), %d of signature (at most %d)", ErrMalformed, len(head[0]), MaxHead, len(signature[0]), MaxSignature)
	}
	return Signed{Head: []byte(head[0]), Signature: []byte(signature[0])}, nil
}

// SignRequest completes h with the sender, the hash of body, which is the serialised
// request, and a nonce when it has none, and signs it.
func SignRequest(signer Signer, h *Head, body []byte) (Signed, error) {
	h.Sender, h.Key, h.Body = signer.Address(), signer.Key(), hash(body)
	if len(h.Nonce) == 0 {
		h.Nonce = make([]byte, NonceBytes)
		_, _ = rand.Read(h.Nonce) // never fails
	}
	return sign(signer, requestDomain, h)
}

// SignResponse signs body, the serialised response to the request whose head is request.
func SignResponse(signer Signer, request, body []byte) (Signed, error) {
	return sign(signer, responseDomain, &ResponseHead{
		Request: hash(request), Body: hash(body), Receiver: signer.Address(), Key: signer.Key(),
	})
}

func sign(signer Signer, domain string, head proto.Message) (Signed, error) {
	serialised, err := proto.Marshal(head)
	if err != nil {
		return Signed{}, err
	}
	signature, err := signer.Sign(append([]byte(domain), serialised...))
	if err != nil {
		return Signed{}, err
	}
	return Signed{Head: serialised, Signature: signature}, nil
}

// ReadHead is the head of a request whose signature is not checked yet: what can be
// refused before that costs little.
func ReadHead(s Signed) (*Head, error) {
	h := &Head{}
	if err := proto.Unmarshal(s.Head, h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(h.Nonce) != NonceBytes {
		return nil, fmt.Errorf("%w: a nonce of %d bytes, need %d", ErrMalformed, len(h.Nonce), NonceBytes)
	}
	if h.Key == nil {
		return nil, fmt.Errorf("%w: no public key", ErrMalformed)
	}
	return h, nil
}

// VerifyRequest checks that h, which ReadHead gave for s, was signed by its sender for
// this body. Method, receiver, chain, time and nonce are the caller's to check.
func VerifyRequest(v Verifier, s Signed, h *Head, body []byte) error {
	if !bytes.Equal(h.Body, hash(body)) {
		return fmt.Errorf("%w: signed %x, came %x", ErrBody, h.Body, hash(body))
	}
	if err := v.Verify(h.Sender, h.Key, append([]byte(requestDomain), s.Head...), s.Signature); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}

// VerifyResponse checks that s is the receiver's signature over body as the answer to
// the request whose head is request.
func VerifyResponse(v Verifier, s Signed, receiver string, request, body []byte) error {
	h := &ResponseHead{}
	if err := proto.Unmarshal(s.Head, h); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if h.Receiver != receiver {
		return fmt.Errorf("%w: %s answered, %s was asked", ErrOther, h.Receiver, receiver)
	}
	if !bytes.Equal(h.Request, hash(request)) {
		return fmt.Errorf("%w: it answers request %x, not %x", ErrOther, h.Request, hash(request))
	}
	if !bytes.Equal(h.Body, hash(body)) {
		return fmt.Errorf("%w: signed %x, came %x", ErrBody, h.Body, hash(body))
	}
	if err := v.Verify(h.Receiver, h.Key, append([]byte(responseDomain), s.Head...), s.Signature); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}

func hash(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}
