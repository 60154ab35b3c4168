package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files lists the files that patterns name, each once, sorted by path with "/"
// between its elements. A pattern is a file, a folder, which stands for all files
// below it, or a glob in the syntax of path/filepath with "**" for any number of
// folders. Below a folder or a glob, names that begin with a dot are left out and
// links to folders are not followed.
func Files(patterns ...string) ([]string, error) {
	if len(patterns) == 0 {
		return nil, errors.New("no file named: give a file, a folder or a glob such as texts/**/*.txt")
	}
	var out []string
	for _, pattern := range patterns {
		found, err := filesOf(pattern)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no file matches: names beginning with a dot and links to folders are left out", pattern)
		}
		if out = append(out, found...); len(out) > MaxFiles {
			return nil, tooManyFiles(pattern)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(filepath.ToSlash(a), filepath.ToSlash(b)) })
	return slices.Compact(out), nil
}

func tooManyFiles(where string) error {
	return fmt.Errorf("%s: more than %d files: name fewer, or join them", where, MaxFiles)
}

func filesOf(pattern string) ([]string, error) {
	clean := filepath.Clean(pattern)
	info, err := os.Stat(clean)
	switch {
	case err == nil && info.IsDir():
		return below(clean, []string{"**"})
	case err == nil:
		return []string{clean}, nil
	case !strings.ContainsAny(clean, "*?["):
		return nil, fmt.Errorf("no such data: %w", err)
	}
	segments := strings.Split(clean, string(filepath.Separator))
	fixed := 0
	for !strings.ContainsAny(segments[fixed], "*?[") {
		fixed++
	}
	for _, segment := range segments[fixed:] {
		if _, err := filepath.Match(segment, ""); err != nil {
			return nil, fmt.Errorf("%s: bad glob %q: close the bracket, or escape it with a backslash: %w", pattern, segment, err)
		}
	}
	root := strings.Join(segments[:fixed], string(filepath.Separator))
	if root == "" && fixed > 0 {
		root = string(filepath.Separator)
	} else if root == "" {
		root = "."
	}
	if _, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("%s: no such folder: %w", pattern, err)
	}
	return below(root, segments[fixed:])
}

// below lists the files under root whose path below it matches the segments.
func below(root string, pattern []string) ([]string, error) {
	deep := slices.Contains(pattern, "**")
	top, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	var out []string
	err = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == top {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		segments := strings.Split(rel, string(filepath.Separator))
		hidden := strings.HasPrefix(entry.Name(), ".")
		if entry.IsDir() {
			if hidden || !deep && len(segments) >= len(pattern) {
				return filepath.SkipDir
			}
			return nil
		}
		if hidden || !matches(pattern, segments) || !isFile(path, entry) {
			return nil
		}
		if out = append(out, filepath.Join(root, rel)); len(out) > MaxFiles {
			return tooManyFiles(root)
		}
		return nil
	})
	return out, err
}

// isFile tells whether an entry is a regular file or a link to one.
func isFile(path string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// matches compares a path with a pattern, segment by segment. Of several "**" the
// last one tried is the only one that has to be taken back, as with "*" in a name.
func matches(pattern, path []string) bool {
	p, s := 0, 0
	star, taken := -1, 0
	for s < len(path) {
		if p < len(pattern) && pattern[p] == "**" {
			star, taken = p, s
			p++
			continue
		}
		if p < len(pattern) {
			if ok, _ := filepath.Match(pattern[p], path[s]); ok {
				p, s = p+1, s+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		taken++
		p, s = star+1, taken
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

// open opens a regular file of at most limit bytes.
func open(path string, limit int64) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, fmt.Errorf("no such data: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: a %s, must be a regular file", path, kindOf(info.Mode()))
	}
	if info.Size() > limit {
		return nil, 0, fmt.Errorf("%s: %d bytes, at most %d: cut it into smaller files and use some of them", path, info.Size(), limit)
	}
	f, err := os.Open(path)
	return f, info.Size(), err
}

func kindOf(mode fs.FileMode) string {
	if mode.IsDir() {
		return "folder"
	}
	return "device, pipe or socket"
}
