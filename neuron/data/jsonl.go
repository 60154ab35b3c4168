package data

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// LoadJSONL reads one text from the files that patterns name (see Files), each
// line of which is a JSON object with a string in the named field. A file is one
// document, its strings in order with a newline after each; lines added at its end
// change none of its earlier blocks. Empty lines are skipped.
func LoadJSONL(name, field string, patterns ...string) (*Text, error) {
	written := 0
	return load(name, patterns, func(b *builder, r io.Reader, path string) error {
		return parseJSONL(r, path, field, func(text string) error {
			// Decoding can lengthen: a byte that is no UTF-8 becomes three.
			if written += len(text) + 1; written > MaxText {
				return fmt.Errorf("the strings are more than %d bytes: name fewer files", MaxText)
			}
			b.write([]byte(text))
			b.write([]byte{'\n'})
			return nil
		})
	})
}

func parseJSONL(r io.Reader, path, field string, each func(text string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), MaxLine)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		text, err := stringOf(line, field)
		if err == nil {
			err = each(text)
		}
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", path, n, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("%s: line %d: longer than %d bytes: cut its text into several lines", path, n+1, MaxLine)
	} else if err != nil {
		return fmt.Errorf("%s: line %d: %w", path, n+1, err)
	}
	return nil
}

func stringOf(line []byte, field string) (string, error) {
	var object map[string]json.RawMessage
	if line[0] != '{' {
		return "", fmt.Errorf("%s is no JSON object, of which there must be one per line", quoted(string(line)))
	}
	if err := json.Unmarshal(line, &object); err != nil {
		return "", fmt.Errorf("not a JSON object, of which there must be one per line: %w", err)
	}
	raw, found := object[field]
	if !found {
		return "", fmt.Errorf("no field %q: it has %s", field, some(slices.Sorted(maps.Keys(object))))
	}
	if len(raw) == 0 || raw[0] != '"' {
		return "", fmt.Errorf("field %q is %s, must be a string", field, quoted(string(raw)))
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", fmt.Errorf("field %q: %w", field, err)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", fmt.Errorf("field %q holds a zero byte, so this is no text", field)
	}
	return text, nil
}

// some lists names for a message, the first few of many.
func some(names []string) string {
	const few = 8
	more := ""
	if len(names) > few {
		more = fmt.Sprintf(" and %d more", len(names)-few)
		names = names[:few]
	}
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = quoted(name)
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ") + more
}

// quoted shows a value in a message, its beginning where it is long.
func quoted(value string) string {
	const long = 40
	if len(value) > long {
		return fmt.Sprintf("%q…", value[:long])
	}
	return fmt.Sprintf("%q", value)
}
