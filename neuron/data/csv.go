package data

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// LoadCSV reads a table whose first line names the columns. One of them is the
// target: a number to predict, or the name of a class. All others are finite
// numbers. Classes are numbered in the order of their names, by value where all
// are whole numbers; neurons that are to understand each other need the same ones.
func LoadCSV(name, path, target string, kind Kind) (*Labelled, error) {
	f, size, err := open(path, MaxTable)
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", name, err)
	}
	defer func() { _ = f.Close() }()
	l, err := parseCSV(io.LimitReader(f, size), name, target, kind)
	if err != nil {
		return nil, fmt.Errorf("table %q: %s: %w", name, path, err)
	}
	return l, nil
}

// table grows line by line.
type table struct {
	columns []string
	at      int // the target's column
	kind    Kind
	floats  []float32
	target  []float32
	classes map[string]int // in the order in which they came
}

func parseCSV(r io.Reader, name, target string, kind Kind) (*Labelled, error) {
	buffered := bufio.NewReader(r)
	if mark, _ := buffered.Peek(3); string(mark) == "\ufeff" { // some programs mark UTF-8 so
		_, _ = buffered.Discard(3)
	}
	lines := csv.NewReader(buffered)
	lines.ReuseRecord = true
	lines.TrimLeadingSpace = true
	header, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("line 1: %w; it must name the columns", endOf(err))
	}
	t := &table{kind: kind, classes: make(map[string]int)}
	if err := t.header(header, target); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, csv.ErrFieldCount) {
			line, _ := lines.FieldPos(0)
			return nil, fmt.Errorf("line %d: %d fields, the header has %d: quote fields that contain a comma", line, len(record), len(t.columns))
		}
		if err != nil {
			return nil, fmt.Errorf("%w; quote fields with double quotes, and double those inside", err)
		}
		if err := t.row(record); err != nil {
			line, _ := lines.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	if len(t.target) == 0 {
		return nil, errors.New("line 2: no row under the header: give at least one")
	}
	return t.labelled(name), nil
}

func (t *table) header(header []string, target string) error {
	if len(header) > MaxColumns {
		return fmt.Errorf("%d columns, at most %d: use npy, or drop some", len(header), MaxColumns)
	}
	seen := make(map[string]bool, len(header))
	for i, column := range header {
		column = strings.TrimSpace(column)
		if column == "" || seen[column] {
			return fmt.Errorf("column %d is named %s: every column needs a name of its own", i+1, quoted(column))
		}
		seen[column] = true
		t.columns = append(t.columns, column)
	}
	t.at = slices.Index(t.columns, target)
	if t.at < 0 {
		return fmt.Errorf("no column %q: it has %s, separated by commas", target, some(t.columns))
	}
	if len(t.columns) < 2 {
		return fmt.Errorf("%q is the only column: the target is learned from others, separated by commas", target)
	}
	return nil
}

func (t *table) row(record []string) error {
	if len(t.target) >= MaxRows || len(t.floats) > MaxTable/4-len(record) {
		return fmt.Errorf("more than %d rows, or %d values in all: use a part of the table", MaxRows, MaxTable/4)
	}
	for i, field := range record {
		field = strings.TrimSpace(field)
		switch {
		case i != t.at:
			x, err := finite(field)
			if err != nil {
				return fmt.Errorf("column %q: %w", t.columns[i], err)
			}
			t.floats = append(t.floats, x)
		case t.kind == Regress:
			y, err := finite(field)
			if err != nil {
				return fmt.Errorf("target %q: %w", t.columns[i], err)
			}
			t.target = append(t.target, y)
		default:
			class, err := t.class(field)
			if err != nil {
				return fmt.Errorf("target %q: %w", t.columns[i], err)
			}
			t.target = append(t.target, float32(class))
		}
	}
	return nil
}

func (t *table) class(label string) (int, error) {
	if class, known := t.classes[label]; known {
		return class, nil
	}
	if label == "" {
		return 0, errors.New("an empty class: name it, or remove the row")
	}
	if len(t.classes) == MaxClasses {
		return 0, fmt.Errorf("%s would be class %d, at most %d: is it a number to predict (regression)?", quoted(label), MaxClasses+1, MaxClasses)
	}
	class := len(t.classes)
	t.classes[strings.Clone(label)] = class // the field shares memory with its whole line
	return class, nil
}

// labelled numbers the classes in the order of their names.
func (t *table) labelled(name string) *Labelled {
	var labels []string
	if t.kind == Classify {
		number := make([]float32, len(t.classes))
		for label := range t.classes {
			labels = append(labels, label)
		}
		sortLabels(labels)
		for i, label := range labels {
			number[t.classes[label]] = float32(i)
		}
		for i, class := range t.target {
			t.target[i] = number[int(class)]
		}
	}
	return newLabelled(name, values{shape: []int{len(t.columns) - 1}, floats: t.floats}, labels, t.target)
}

// finite reads a number that a float32 can hold.
func finite(field string) (float32, error) {
	x, err := strconv.ParseFloat(field, 32)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, fmt.Errorf("%s is no number: fill or remove it, and turn names into numbers, one column for each name", quoted(field))
	}
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%s, must be a finite number within ±%.3g", quoted(field), math.MaxFloat32)
	}
	return float32(x), nil
}
