package data

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// description is the dictionary in the header of an npy file, such as
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }
//
// Source: numpy.lib.format.
type description struct {
	kind    string
	fortran bool
	shape   []int
}

func parseDescription(text string) (description, error) {
	var d description
	var seen []string
	l := &literal{rest: text}
	l.expect("{")
	for l.err == nil && !l.accept("}") {
		key := l.quoted()
		l.expect(":")
		switch key {
		case "descr":
			d.kind = l.quoted()
		case "fortran_order":
			d.fortran = l.boolean()
		case "shape":
			d.shape = l.tuple()
		default:
			l.fail("descr, fortran_order or shape")
		}
		seen = append(seen, key)
		if !l.accept(",") {
			l.expect("}")
			break
		}
	}
	if l.err == nil && strings.TrimSpace(l.rest) != "" {
		l.fail("nothing after the dictionary")
	}
	if l.err != nil {
		return description{}, l.err
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if n := count(seen, key); n != 1 {
			return description{}, fmt.Errorf("header %s names %s %d times, must be once", quoted(text), key, n)
		}
	}
	return d, nil
}

func count(keys []string, key string) int {
	n := 0
	for _, k := range keys {
		if k == key {
			n++
		}
	}
	return n
}

// literal reads Python literals from the front of a text. After the first error
// every step does nothing.
type literal struct {
	rest string
	err  error
}

func (l *literal) fail(want string) {
	if l.err == nil {
		l.err = fmt.Errorf("header has %s where %s is wanted", quoted(l.rest), want)
	}
}

func (l *literal) accept(token string) bool {
	if l.err != nil {
		return false
	}
	l.rest = strings.TrimLeft(l.rest, " \t\n")
	rest, found := strings.CutPrefix(l.rest, token)
	l.rest = rest
	return found
}

func (l *literal) expect(token string) {
	if !l.accept(token) {
		l.fail(token)
	}
}

func (l *literal) quoted() string {
	for _, mark := range []string{"'", `"`} {
		if l.accept(mark) {
			inside, rest, closed := strings.Cut(l.rest, mark)
			if !closed {
				l.fail("a closing " + mark)
			}
			l.rest = rest
			return inside
		}
	}
	l.fail("a quoted name")
	return ""
}

func (l *literal) boolean() bool {
	if l.accept("True") {
		return true
	}
	l.expect("False")
	return false
}

func (l *literal) tuple() []int {
	var out []int
	l.expect("(")
	for l.err == nil && !l.accept(")") {
		out = append(out, l.number())
		if !l.accept(",") {
			l.expect(")")
			break
		}
	}
	return out
}

func (l *literal) number() int {
	l.accept("")
	digits := len(l.rest) - len(strings.TrimLeft(l.rest, "0123456789"))
	n, err := strconv.Atoi(l.rest[:digits])
	if errors.Is(err, strconv.ErrRange) {
		l.fail("a dimension below 2^63")
	} else if err != nil {
		l.fail("a dimension")
	}
	l.rest = l.rest[digits:]
	return n
}
