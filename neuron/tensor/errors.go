package tensor

import "errors"

// What can be wrong with a frame; errors.Is tells them apart, the message around
// them says which value was seen, what the bound is and what to do.
var (
	// ErrTruncated: there are fewer bytes than the header or the shape needs.
	ErrTruncated = errors.New("tensor: truncated frame")
	// ErrTrailing: there are more bytes than the shape needs.
	ErrTrailing = errors.New("tensor: bytes after the frame")
	// ErrTooLarge: more than MaxElements or MaxPayloadBytes.
	ErrTooLarge = errors.New("tensor: too large")
	// ErrShape: dimensions that are no shape, or that do not fit the data or the dtype.
	ErrShape = errors.New("tensor: wrong shape")
	// ErrChecksum: the bytes are not those that were sent.
	ErrChecksum = errors.New("tensor: checksum mismatch")
	// ErrNotFinite: a NaN, an infinity, or a number that the dtype would make one.
	ErrNotFinite = errors.New("tensor: not finite")
	// ErrBlock: an int8 block that no encoder writes.
	ErrBlock = errors.New("tensor: malformed int8 block")
	// ErrUnknown: a version, modality or dtype that is not known, or not known here.
	ErrUnknown = errors.New("tensor: unknown code")
)
