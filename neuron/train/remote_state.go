package train

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// A checkpoint of a Remote is a safetensors file too: its one tensor, of type U8, is
// what the process has saved, whatever that is, and the metadata holds the state with
// the sum of these bytes.
const (
	remoteTensor    = "model"
	remoteType      = "U8"
	metadataKey     = "__metadata__"
	architectureKey = "architecture"
	sumKey          = "crc32c"
	maxRemoteHeader = 1 << 20
)

// remoteEntry is the tensor in the header.
type remoteEntry struct {
	Type    string   `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// Save implements Learner: the process writes its file, which becomes part of what is
// written to w. Of a process that does not save there is the state alone: it keeps its
// model itself.
func (r *Remote) Save(w io.Writer, metadata map[string]string) error {
	s, err := r.state()
	if err != nil {
		return err
	}
	meta, err := s.beside(metadata)
	if err != nil {
		return err
	}
	meta[architectureKey] = r.pupil.Card().Architecture
	if !r.pupil.Saves() {
		return writeRemote(w, meta, nil, 0)
	}
	if err := r.pupil.Save(context.Background(), r.file()); err != nil {
		return err
	}
	f, err := os.Open(r.file())
	if err != nil {
		return fmt.Errorf("what the model's process has saved: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	size, err := io.Copy(sum, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("what the model's process has saved: %w", err)
	}
	meta[sumKey] = strconv.FormatUint(uint64(sum.Sum32()), 16)
	r.kept = true
	return writeRemote(w, meta, f, size)
}

func writeRemote(w io.Writer, meta map[string]string, model io.Reader, size int64) error {
	header := map[string]any{metadataKey: meta, remoteTensor: remoteEntry{remoteType, []int64{size}, [2]int64{0, size}}}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)); err != nil || model == nil {
		return err
	}
	n, err := io.Copy(w, model)
	if err == nil && n != size {
		err = fmt.Errorf("the file of the model's process has %d bytes, and had %d: it must stay as it is after saving", n, size)
	}
	return err
}

// Load implements Learner. When it fails the learner is as it was, and so is the process
// if it keeps that promise.
func (r *Remote) Load(from io.Reader) (map[string]string, error) {
	meta, size, err := readRemote(from)
	if err != nil {
		return nil, err
	}
	if has, want := meta[architectureKey], r.pupil.Card().Architecture; has != want {
		return nil, fmt.Errorf("the checkpoint is of a %.64q, the model is a %q: start the process that was trained", has, want)
	}
	s, sampler, err := readState(meta[stateKey])
	if err != nil {
		return nil, err
	}
	if size > 0 && !r.pupil.Saves() {
		return nil, errors.New("the checkpoint has a model, and the model's process loads none: start the one that was trained")
	}
	if err := r.take(from, size, meta[sumKey]); err != nil {
		return nil, err
	}
	if size > 0 {
		if err := r.pupil.Load(context.Background(), r.file()); err != nil {
			r.kept = false
			return nil, err
		}
	}
	r.kept = size > 0
	r.resume(s, sampler)
	return meta, nil
}

// take writes the process's part of a checkpoint to its file, whole or not at all.
func (r *Remote) take(from io.Reader, size int64, sum string) error {
	path := filepath.Join(r.dir, "loading")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the file for the model's process: %w", err)
	}
	have := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := io.Copy(io.MultiWriter(f, have), io.LimitReader(from, size))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("the file for the model's process: %w", err)
	}
	more, _ := io.CopyN(io.Discard, from, 1) // the end is what is wanted
	switch wanted, err := strconv.ParseUint(sum, 16, 32); {
	case n != size || more != 0:
		return fmt.Errorf("the checkpoint has another size than the %d bytes of the model: it is damaged", size)
	case size > 0 && (err != nil || uint32(wanted) != have.Sum32()):
		return fmt.Errorf("the model in the checkpoint sums to %x, not to %.16q: it is damaged", have.Sum32(), sum)
	}
	return os.Rename(path, r.file())
}

// readRemote reads the header of a checkpoint.
func readRemote(from io.Reader) (meta map[string]string, size int64, err error) {
	var length uint64
	if err := binary.Read(from, binary.LittleEndian, &length); err != nil {
		return nil, 0, fmt.Errorf("the checkpoint ends in the length of its header: %w", err)
	}
	if length > maxRemoteHeader {
		return nil, 0, fmt.Errorf("the checkpoint's header has %d bytes, at most %d: this is no checkpoint of ours", length, maxRemoteHeader)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(from, text); err != nil {
		return nil, 0, fmt.Errorf("the checkpoint ends in its header of %d bytes: %w", length, err)
	}
	var header struct {
		Metadata map[string]string `json:"__metadata__"`
		Model    *remoteEntry      `json:"model"`
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return nil, 0, fmt.Errorf("the checkpoint's header: %w", err)
	}
	e := header.Model
	if e == nil || e.Type != remoteType || e.Offsets[0] != 0 || e.Offsets[1] < 0 || len(e.Shape) != 1 || e.Shape[0] != e.Offsets[1] {
		return nil, 0, errors.New("the checkpoint is not one of a model in another process: name the model in the configuration that was trained")
	}
	return header.Metadata, e.Offsets[1], nil
}
