package data

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFiles(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"b.txt", "a.txt", "a.md", "in/c.txt", "in/deep/d.txt", "in/deep/e.go", ".hidden/f.txt", "in/.g.txt", "x[1].txt"} {
		write(t, folder, name, []byte("x"))
	}
	require.NoError(t, os.Symlink(filepath.Join(folder, "in"), filepath.Join(folder, "loop")))
	require.NoError(t, os.Symlink(filepath.Join(folder, "a.md"), filepath.Join(folder, "in", "link.md")))
	for _, c := range []struct {
		patterns string
		want     string
	}{
		{"a.txt", "a.txt"},
		{"b.txt a.txt ./a.txt", "a.txt b.txt"},
		{"in", "in/c.txt in/deep/d.txt in/deep/e.go in/link.md"},
		{"*.txt", "a.txt b.txt x[1].txt"},
		{"x[1].txt", "x[1].txt"},
		{"[ab].*", "a.md a.txt b.txt"},
		{"**/*.txt", "a.txt b.txt in/c.txt in/deep/d.txt x[1].txt"},
		{"**/deep/*", "in/deep/d.txt in/deep/e.go"},
		{"in/**", "in/c.txt in/deep/d.txt in/deep/e.go in/link.md"},
		{"*/*.txt", "in/c.txt"},
		{"loop/*.txt", "loop/c.txt"},
		{"loop", "loop/c.txt loop/deep/d.txt loop/deep/e.go loop/link.md"},
		{".hidden/f.txt", ".hidden/f.txt"},
		{"a.* in/deep", "a.md a.txt in/deep/d.txt in/deep/e.go"},
		{"in/../*.md", "a.md"},
	} {
		var patterns, want []string
		for _, pattern := range strings.Fields(c.patterns) {
			patterns = append(patterns, folder+"/"+pattern)
		}
		for _, name := range strings.Fields(c.want) {
			want = append(want, filepath.Join(folder, name))
		}
		got, err := Files(patterns...)
		require.NoError(t, err, c.patterns)
		require.Equal(t, want, got, c.patterns)
	}
}

func TestFilesBesideTheProcess(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, ".", "one.txt", []byte("x"))
	write(t, ".", "in/two.txt", []byte("x"))
	for pattern, want := range map[string][]string{
		"*.txt":       {"one.txt"},
		"**/*.txt":    {"in/two.txt", "one.txt"},
		".":           {"in/two.txt", "one.txt"},
		"i*/../i*/t*": {"in/two.txt"},
	} {
		got, err := Files(pattern)
		require.NoError(t, err, pattern)
		for i := range want {
			want[i] = filepath.FromSlash(want[i])
		}
		require.Equal(t, want, got, pattern)
	}
}

func TestWrongFiles(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "empty"), 0o755))
	files := func(patterns ...string) func() error {
		return func() error { _, err := Files(patterns...); return err }
	}
	refuses(t, []wrong{
		{"none", files(), []string{"no file named"}},
		{"missing", files(folder + "/none"), []string{"none", "no such"}},
		{"empty folder", files(folder + "/empty"), []string{"empty", "no file matches"}},
		{"glob without a match", files(folder + "/*.txt"), []string{"*.txt", "no file matches"}},
		{"glob below nothing", files(folder + "/none/*.txt"), []string{"none", "no such folder"}},
		{"bad glob", files(folder + "/[a"), []string{"[a", "close the bracket"}},
		{"folder for a file", func() error { _, _, err := open(folder, 10); return err }, []string{"folder", "regular file"}},
	})
}

// A pattern of segments is a regular expression over "/".
func TestMatchesAsARegularExpressionDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SliceOfN(rapid.SampledFrom([]string{"**", "*", "a", "b", "a*"}), 1, 6).Draw(t, "pattern")
		path := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab"}), 1, 7).Draw(t, "path")
		expression := "^"
		for _, segment := range pattern {
			if segment == "**" {
				expression += "([^/]+/)*"
			} else {
				expression += strings.ReplaceAll(segment, "*", "[^/]*") + "/"
			}
		}
		want := regexp.MustCompile(expression + "$").MatchString(strings.Join(path, "/") + "/")
		require.Equal(t, want, matches(pattern, path))
	})
}
