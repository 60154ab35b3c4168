package yuma

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// object decodes a JSON object and nothing behind it. A name that comes twice is
// refused: one of the two values would be lost without a word.
func object(data []byte) (map[string]json.RawMessage, error) {
	if err := mustBe(data, '{', "object"); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil { // the brace
		return nil, inWords(err, d)
	}
	fields := make(map[string]json.RawMessage)
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, inWords(err, d)
		}
		name, _ := token.(string) // in an object nothing else comes here
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%q comes twice; write it once", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, inWords(err, d)
		}
		fields[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, inWords(err, d)
	}
	return fields, nothingBehind(d)
}

// elements decodes a list and nothing behind it.
func elements(raw []byte) ([]json.RawMessage, error) {
	if err := mustBe(raw, '[', "list"); err != nil {
		return nil, err
	}
	values := []json.RawMessage{}
	return values, strict(raw, &values)
}

// strict decodes one JSON value and nothing behind it.
func strict(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(to); err != nil {
		return inWords(err, d)
	}
	return nothingBehind(d)
}

func nothingBehind(d *json.Decoder) error {
	end := d.InputOffset()
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("there is more behind it, from byte %d on", end)
	}
	return nil
}

// inWords says what is wrong with a text in words for whoever wrote it.
func inWords(err error, d *json.Decoder) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return fmt.Errorf("%w, near byte %d", err, d.InputOffset())
}

// mustBe checks how a value begins.
func mustBe(raw []byte, first byte, name string) error {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) > 0 && raw[0] == first {
		return nil
	}
	return fmt.Errorf("%s is no %s", kind(raw), name)
}

// kind names what a JSON value is by its first byte.
func kind(raw []byte) string {
	if len(raw) == 0 {
		return "an empty text"
	}
	c := raw[0]
	switch {
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == '"':
		return "a text"
	case c == 'n':
		return "null"
	case c == 't' || c == 'f':
		return "true or false"
	case c == '-' || (c >= '0' && c <= '9'):
		return "a number"
	}
	return fmt.Sprintf("what begins with %q", rune(c))
}
