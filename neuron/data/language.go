package data

import (
	"fmt"
	"strconv"
	"strings"
)

// Generated makes n bytes each of several small languages with grammars of their
// own: prose, sums, a log, programs, markup and sequences of letters. Vocabularies
// and habits follow from the seed; the same seed gives the same text everywhere.
// They stand in for real text where there is none, and in tests.
func Generated(seed uint64, n int) ([]*Text, error) {
	if n < BlockSize || n > MaxText {
		return nil, fmt.Errorf("%d bytes of each generated language, must be %d to %d", n, BlockSize, MaxText)
	}
	languages := []struct {
		name    string
		grammar func(s *Sampler) func(w *writer)
	}{
		{"prose", prose},
		{"sums", sums},
		{"log", log},
		{"programs", programs},
		{"markup", markup},
		{"letters", letters},
	}
	var out []*Text
	for i, language := range languages {
		w := &writer{Sampler: NewSampler(seed, uint64(i))}
		for say := language.grammar(w.Sampler); len(w.out) < n; {
			say(w)
		}
		text, err := NewText(language.name, w.out[:n])
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// writer is where a grammar writes, and the chance it has.
type writer struct {
	*Sampler
	out []byte
}

func (w *writer) put(pieces ...string) {
	for _, piece := range pieces {
		w.out = append(w.out, piece...)
	}
}

// number writes a number below n.
func (w *writer) number(n int) int {
	x := w.below(n)
	w.out = strconv.AppendInt(w.out, int64(x), 10)
	return x
}

// pick prefers what stands early in a list, as a language has few common words and
// many rare ones.
func (s *Sampler) pick(words []string) string {
	n := len(words)
	return words[min(s.below(n), s.below(n), s.below(n))]
}

// vocabulary makes n different words of one to three syllables.
func vocabulary(s *Sampler, n int, onsets, vowels, codas string) []string {
	one := func(from string) string {
		parts := strings.Split(from, " ")
		return parts[s.below(len(parts))]
	}
	var out []string
	for seen := map[string]bool{}; len(out) < n; {
		word := ""
		for range 1 + s.below(3) {
			word += one(onsets) + one(vowels)
		}
		word += one(codas)
		if !seen[word] {
			seen[word] = true
			out = append(out, word)
		}
	}
	return out
}

func prose(s *Sampler) func(w *writer) {
	const onsets, vowels, codas = "b d f g h l m n p r s t th sh st w", "a e i o u ea oo ai", "n r l t s nd m"
	nouns, verbs := vocabulary(s, 120, onsets, vowels, codas), vocabulary(s, 60, onsets, vowels, codas)
	kinds := vocabulary(s, 60, onsets, vowels, "y ful ous")
	return func(w *writer) {
		w.put("The ")
		for clause := 0; ; clause++ {
			if w.below(2) == 0 {
				w.put(w.pick(kinds), " ")
			}
			w.put(w.pick(nouns), " ", w.pick(verbs), "s the ", w.pick(kinds), " ", w.pick(nouns))
			if clause == 2 || w.below(2) == 0 {
				break
			}
			w.put(w.pick([]string{", and the ", ", while the ", " that the "}))
		}
		w.put(w.pick([]string{". ", ".\n", "; ", "!\n"}))
	}
}

func sums(s *Sampler) func(w *writer) {
	most := 50 + s.below(450)
	return func(w *writer) {
		result := w.number(most)
		for range 1 + w.below(3) {
			if w.below(2) == 0 {
				w.put("+")
				result += w.number(most)
			} else {
				w.put("-")
				result -= w.number(most)
			}
		}
		w.put("=", strconv.Itoa(result), "\n")
	}
}

func log(s *Sampler) func(w *writer) {
	sources := vocabulary(s, 24, "k x z v q", "o u i", "x k")
	events := vocabulary(s, 40, "c d l p r t", "e a", "ct d n")
	second := s.below(86400)
	return func(w *writer) {
		second = (second + w.below(40)) % 86400
		w.put(fmt.Sprintf("[%02d:%02d:%02d] ", second/3600, second/60%60, second%60))
		w.put(w.pick([]string{"INFO ", "WARN ", "DEBUG ", "ERROR "}), "source=", w.pick(sources), " event=", w.pick(events), " ms=")
		w.number(1000)
		w.put("\n")
	}
}

func programs(s *Sampler) func(w *writer) {
	names := vocabulary(s, 40, "f g h k v x", "a i o", "s x 1 2")
	return func(w *writer) {
		w.put("def ", w.pick(names), "(", w.pick(names), ") {\n")
		for range 1 + w.below(4) {
			w.statement(names, 1)
		}
		w.put("}\n\n")
	}
}

func (w *writer) statement(names []string, depth int) {
	indent := strings.Repeat("\t", depth)
	w.put(indent)
	switch w.below(4) {
	case 0:
		if depth < 4 {
			w.put("while (", w.pick(names), " < ", w.pick(names), ") {\n")
			for range 1 + w.below(2) {
				w.statement(names, depth+1)
			}
			w.put(indent, "}\n")
			return
		}
		fallthrough
	case 1:
		w.put("return ", w.pick(names), ";\n")
	default:
		w.put("let ", w.pick(names), " = ", w.pick(names), w.pick([]string{" * ", " / ", " % "}), w.pick(names), ";\n")
	}
}

func markup(s *Sampler) func(w *writer) {
	tags := vocabulary(s, 12, "b h t l", "i a", "")
	words := vocabulary(s, 80, "J K M N W Z", "A E O U", "R L SK")
	return func(w *writer) {
		w.element(tags, words, 0)
		w.put("\n")
	}
}

func (w *writer) element(tags, words []string, depth int) {
	tag := w.pick(tags)
	w.put("<", tag, ">")
	for range 1 + w.below(3) {
		if depth < 4 && w.below(2) == 0 {
			w.element(tags, words, depth+1)
		} else {
			w.put(w.pick(words), "|")
		}
	}
	w.put("</", tag, ">")
}

// letters is a chain in which each letter depends on the two before it: one
// follower has half of the chance and the other three share the rest.
func letters(s *Sampler) func(w *writer) {
	const alphabet = "ACGT"
	var favourite [4][4]int
	for i := range favourite {
		for j := range favourite[i] {
			favourite[i][j] = s.below(4)
		}
	}
	before, last, column := 0, 0, 0
	return func(w *writer) {
		next := favourite[before][last]
		if w.below(3) == 0 {
			next = w.below(4)
		}
		w.put(alphabet[next : next+1])
		before, last = last, next
		if column++; column%60 == 0 {
			w.put("\n")
		}
	}
}
