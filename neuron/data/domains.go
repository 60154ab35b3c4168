package data

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// DomainBytes is the most that a default domain holds.
	DomainBytes = 4 << 20
	// leastDomain is below what a domain is worth having.
	leastDomain = 64 << 10
	// generatedBytes and generatedSeed make the domains of a machine without Go.
	generatedBytes = 1 << 20
	generatedSeed  = 1
)

// DefaultDomains is what neurons learn from when they are given nothing: text that
// comes with Go, found under goroot (what `go env GOROOT` prints). In this order:
//
//	go        source
//	assembly  source
//	opticks   Newton's Opticks, English of 1704
//	docs      HTML and Markdown
//
// Files are taken in the order of the SHA-256 of their paths, a fair sample that
// is the same on every machine with that release, until DomainBytes are reached.
// Left out are vendored and generated files, test data, and files so large that
// one would be much of a domain. A domain that a distribution does not ship is
// missing. With no goroot the domains are Generated.
func DefaultDomains(goroot string) ([]*Text, error) {
	if goroot == "" {
		return Generated(generatedSeed, generatedBytes)
	}
	sources := goSources()
	files, err := goFiles(goroot, sources)
	if err != nil {
		return nil, fmt.Errorf("default domains: %w", err)
	}
	var out []*Text
	for i, source := range sources {
		text, err := source.read(files[i])
		if err != nil {
			return nil, fmt.Errorf("default domain %q: %w", source.name, err)
		}
		if text != nil {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("default domains: no Go source of %d bytes or more below %s: give the folder that `go env GOROOT` prints, or none for generated text", leastDomain, goroot)
	}
	return out, nil
}

// goSource is one domain: which files, by their path below GOROOT, and how large
// one may be.
type goSource struct {
	name  string
	most  int64
	wants func(path string) bool
}

func goSources() []goSource {
	written := func(path string, extensions ...string) bool {
		return slices.Contains(extensions, filepath.Ext(path)) && !strings.Contains(path, "/testdata/")
	}
	return []goSource{
		{"go", 128 << 10, func(path string) bool { return written(path, ".go") }},
		{"assembly", 128 << 10, func(path string) bool { return written(path, ".s") }},
		{"opticks", 1 << 20, func(path string) bool { return strings.HasSuffix(path, "/Isaac.Newton-Opticks.txt") }},
		{"docs", 512 << 10, func(path string) bool { return written(path, ".html", ".md") }},
	}
}

// goFile is a file found under GOROOT.
type goFile struct {
	path string
	size int64
	rank digest
}

// goFiles lists the files of each source in the order in which they are taken.
func goFiles(goroot string, sources []goSource) ([][]goFile, error) {
	out := make([][]goFile, len(sources))
	for _, top := range []string{"doc", "src"} {
		root, err := filepath.EvalSymlinks(filepath.Join(goroot, top)) // Debian links both
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && entry.Name() == "vendor" {
				return filepath.SkipDir
			}
			if !entry.Type().IsRegular() {
				return nil
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			rel := top + filepath.ToSlash(strings.TrimPrefix(path, root))
			for i, source := range sources {
				if source.wants(rel) && info.Size() <= source.most {
					out[i] = append(out[i], goFile{path, info.Size(), sha256.Sum256([]byte(rel))})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, files := range out {
		slices.SortFunc(files, func(a, b goFile) int { return a.rank.compare(b.rank) })
	}
	return out, nil
}

// read makes the domain, or nil where there is too little for one.
func (s goSource) read(files []goFile) (*Text, error) {
	b := newBuilder(s.name, DomainBytes)
	total := int64(0)
	for _, file := range files {
		if total+file.size > DomainBytes {
			break
		}
		content, err := os.ReadFile(file.path)
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(content, 0) >= 0 || bytes.Contains(content[:min(len(content), BlockSize)], []byte("Code generated")) {
			continue
		}
		b.write(content)
		b.end()
		total += file.size
	}
	if len(b.bytes) < leastDomain {
		return nil, nil
	}
	return b.text()
}
