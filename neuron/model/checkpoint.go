package model

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/taonet/taonet/neuron/nn"
)

// A checkpoint is a safetensors file: eight bytes with the length of a JSON header,
// the header, and the values, float32 little endian. Beside each parameter stand the
// optimiser's moments, "first/" and "second/" before its name, and whatever else
// training needs to go on is text in the metadata.
const (
	maxHeader     = 1 << 20
	metadataKey   = "__metadata__"
	firstPrefix   = "first/"
	secondPrefix  = "second/"
	architecture  = "architecture"
	valueBytes    = 4
	float32Format = "F32"
)

// entry is one tensor in the header.
type entry struct {
	Type    string   `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// stored is one run of values in a checkpoint.
type stored struct {
	name       string
	rows, cols int
	data       []float32
}

// contents of a checkpoint in file order.
func contents(params []*nn.Param) []stored {
	all := make([]stored, 0, 3*len(params))
	for _, p := range params {
		all = append(all,
			stored{p.Name, p.Rows, p.Cols, p.Data},
			stored{firstPrefix + p.Name, p.Rows, p.Cols, p.First},
			stored{secondPrefix + p.Name, p.Rows, p.Cols, p.Second})
	}
	return all
}

// Save writes a model with the state of its optimiser. The metadata comes back from
// Load; its key "architecture" is the model's.
func Save(w io.Writer, m Network, metadata map[string]string) error {
	meta := maps.Clone(metadata)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[architecture] = m.Architecture()
	header := map[string]any{metadataKey: meta}
	offset := int64(0)
	for _, s := range contents(m.Params()) {
		end := offset + int64(len(s.data))*valueBytes
		header[s.name] = entry{float32Format, []int64{int64(s.rows), int64(s.cols)}, [2]int64{offset, end}}
		offset = end
	}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	if len(text) > maxHeader {
		return fmt.Errorf("the checkpoint's header would have %d bytes, at most %d are read again: shorten the metadata", len(text), maxHeader)
	}
	if _, err := w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)); err != nil {
		return err
	}
	var b []byte
	for _, s := range contents(m.Params()) {
		b = b[:0]
		for _, v := range s.data {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// Load reads a checkpoint of a model with the same parameters into m and returns its
// metadata. When it fails, m is as it was.
func Load(r io.Reader, m Network) (metadata map[string]string, err error) {
	header, metadata, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	if got, want := metadata[architecture], m.Architecture(); got != want {
		return nil, fmt.Errorf("the checkpoint is of a %q, the model is a %q: name the one in the configuration that was trained", got, want)
	}
	wanted := inFileOrder(header, contents(m.Params()))
	if err := fits(header, wanted); err != nil {
		return nil, err
	}
	read := make([][]float32, len(wanted))
	for i, s := range wanted {
		if read[i], err = readValues(r, s); err != nil {
			return nil, err
		}
	}
	if n, err := io.CopyN(io.Discard, r, 1); n != 0 || !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the checkpoint goes on after its last tensor: it is damaged")
	}
	for i, s := range wanted {
		copy(s.data, read[i])
	}
	return metadata, nil
}

// readHeader reads the header and its metadata.
func readHeader(r io.Reader) (header map[string]entry, metadata map[string]string, err error) {
	var length uint64
	if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
		return nil, nil, fmt.Errorf("the checkpoint ends in the length of its header: %w", err)
	}
	if length > maxHeader {
		return nil, nil, fmt.Errorf("the checkpoint's header has %d bytes, at most %d: this is no checkpoint of ours", length, maxHeader)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, nil, fmt.Errorf("the checkpoint ends in its header of %d bytes: %w", length, err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, nil, fmt.Errorf("the checkpoint's header is no JSON: %w", err)
	}
	header = make(map[string]entry, len(fields))
	for name, field := range fields {
		if name == metadataKey {
			err = json.Unmarshal(field, &metadata)
		} else {
			var e entry
			err = json.Unmarshal(field, &e)
			header[name] = e
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%.64q in the checkpoint's header: %w", name, err)
		}
	}
	return header, metadata, nil
}

// fits says whether a header describes exactly the wanted tensors, which are in file
// order, side by side.
func fits(header map[string]entry, wanted []stored) error {
	for _, s := range wanted {
		e, ok := header[s.name]
		switch {
		case !ok:
			return fmt.Errorf("the checkpoint has no tensor %q", s.name)
		case e.Type != float32Format:
			return fmt.Errorf("tensor %q is of type %.16q, read is %s", s.name, e.Type, float32Format)
		case !slices.Equal(e.Shape, []int64{int64(s.rows), int64(s.cols)}):
			return fmt.Errorf("tensor %q has shape %v, the model's has [%d %d]: it was trained with another size", s.name, e.Shape, s.rows, s.cols)
		case e.Offsets[1]-e.Offsets[0] != int64(len(s.data))*valueBytes:
			return fmt.Errorf("tensor %q lies at %v, its shape needs %d bytes", s.name, e.Offsets, len(s.data)*valueBytes)
		}
	}
	if len(header) != len(wanted) {
		return fmt.Errorf("the checkpoint has %d tensors, the model has %d", len(header), len(wanted))
	}
	at := int64(0)
	for _, s := range wanted {
		if e := header[s.name]; e.Offsets[0] != at {
			return fmt.Errorf("tensor %q lies at byte %d, the one before it ends at %d", s.name, e.Offsets[0], at)
		}
		at = header[s.name].Offsets[1]
	}
	return nil
}

// inFileOrder sorts by where the header says that the values lie.
func inFileOrder(header map[string]entry, wanted []stored) []stored {
	slices.SortStableFunc(wanted, func(a, b stored) int {
		return cmp.Compare(header[a.name].Offsets[0], header[b.name].Offsets[0])
	})
	return wanted
}

// readValues reads one tensor; a value that is not finite would spoil the model for
// good, and its answers with it.
func readValues(r io.Reader, s stored) ([]float32, error) {
	b := make([]byte, len(s.data)*valueBytes)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("the checkpoint ends in tensor %q: %w", s.name, err)
	}
	values := make([]float32, len(s.data))
	for i := range values {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b[valueBytes*i:]))
		if v-v != 0 {
			return nil, fmt.Errorf("value %d of tensor %q is %v", i, s.name, v)
		}
		values[i] = v
	}
	return values, nil
}
