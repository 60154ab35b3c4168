package data

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const flowers = "\ufeff" + `"length", width,kind
5.1,3.5,rose
 4.9 ,3,"dog, rose"
-1e2,.5,rose

7,0,aster
`

func TestCSV(t *testing.T) {
	path := write(t, t.TempDir(), "flowers.csv", []byte(flowers))
	l, err := LoadCSV("flowers", path, "kind", Classify)
	require.NoError(t, err)
	require.Equal(t, []int{2}, l.Shape)
	require.Equal(t, []string{"aster", "dog, rose", "rose"}, l.Labels)
	all := map[string][]float32{}
	for p := range Part(Parts) {
		for x, y := range rows(l, p) {
			all[x] = y
		}
	}
	require.Equal(t, map[string][]float32{"[5.1 3.5]": {2}, "[4.9 3]": {1}, "[-100 0.5]": {2}, "[7 0]": {0}}, all)
}

func TestCSVOfNumbers(t *testing.T) {
	path := write(t, t.TempDir(), "heights.csv", []byte("height,a\n1.5,0\n2.5,1\n1.5,2\n"))
	l, err := LoadCSV("heights", path, "height", Regress)
	require.NoError(t, err)
	require.Nil(t, l.Labels)
	require.Equal(t, []int{1}, l.Shape)
	require.Equal(t, []float32{1.5, 2.5, 1.5}, l.target)
}

func TestLabelsThatAreNumbersAreInTheirOrder(t *testing.T) {
	path := write(t, t.TempDir(), "n.csv", []byte("x,y\n1,10\n2,9\n3,-1\n"))
	l, err := LoadCSV("n", path, "y", Classify)
	require.NoError(t, err)
	require.Equal(t, []string{"-1", "9", "10"}, l.Labels)
}

func TestWrongCSV(t *testing.T) {
	folder := t.TempDir()
	load := func(kind Kind, content string) func() error {
		return func() error {
			_, err := LoadCSV("flowers", write(t, folder, "f.csv", []byte(content)), "y", kind)
			return err
		}
	}
	var many strings.Builder
	many.WriteString("x,y\n")
	for i := range MaxClasses + 1 {
		fmt.Fprintf(&many, "1,class %d\n", i)
	}
	refuses(t, []wrong{
		{"empty", load(Regress, ""), []string{"f.csv", "line 1", "name the columns"}},
		{"no rows", load(Regress, "x,y\n"), []string{"line 2", "no row"}},
		{"no target", load(Regress, "x;y\n1;2\n"), []string{"line 1", `no column "y"`, `"x;y"`, "commas"}},
		{"target alone", load(Regress, "y\n1\n"), []string{"only column"}},
		{"column twice", load(Regress, "y,x,x\n"), []string{"line 1", "column 3", `"x"`}},
		{"column unnamed", load(Regress, "y,,x\n"), []string{"column 2", `""`}},
		{"field missing", load(Regress, "x,y\n1,2\n3\n"), []string{"line 3", "1 fields", "2"}},
		{"field too many", load(Regress, "x,y\n\n1,2,3\n"), []string{"line 3", "3 fields"}},
		{"quote", load(Regress, "x,y\n1,\"2\n"), []string{"line 2", "column 6", "double quotes"}},
		{"quote inside", load(Regress, "x,y\n1,a\"b\n"), []string{"line 2", "double quotes"}},
		{"word", load(Regress, "x,y\nred,2\n"), []string{"line 2", `"red"`, `"x"`, "no number"}},
		{"nothing", load(Regress, "x,y\n1,2\n,2\n"), []string{"line 3", `"x"`, `""`}},
		{"not finite", load(Regress, "x,y\nNaN,2\n"), []string{"line 2", `"NaN"`, "finite"}},
		{"infinite", load(Regress, "x,y\n-inf,2\n"), []string{"line 2", `"-inf"`, "finite"}},
		{"too large a number", load(Regress, "x,y\n1e39,2\n"), []string{"1e39", "3.4e+38"}},
		{"target no number", load(Regress, "x,y\n1,red\n"), []string{"line 2", `target "y"`, `"red"`}},
		{"no class", load(Classify, "x,y\n1,a\n1,\n"), []string{"line 3", `target "y"`, "empty class"}},
		{"too many classes", load(Classify, many.String()), []string{"line 65538", "65537", "65536", "regression"}},
		{"too many columns", load(Regress, "y"+strings.Repeat(",x", MaxColumns)+"\n"), []string{"line 1", "16385", "16384"}},
		{"long value", load(Regress, "x,y\n"+strings.Repeat("long", 100)+",2\n"), []string{`longlong"…`}},
		{"large file", func() error {
			_, err := LoadCSV("flowers", sparse(t, folder, "large.csv", MaxTable+1), "y", Regress)
			return err
		}, []string{"large.csv", "1073741825", "1073741824"}},
	})
}

func TestRowsAreBounded(t *testing.T) {
	content := "x,y\n" + strings.Repeat("1,2\n", MaxRows+1)
	_, err := parseCSV(strings.NewReader(content), "rows", "y", Regress)
	require.ErrorContains(t, err, "line 8388610: more than 8388608 rows")
}

func TestCSVReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "rows")
		var content strings.Builder
		content.WriteString("a,target,b\n")
		var want [][3]float32
		for range n {
			var row [3]float32
			for i := range row {
				row[i] = rapid.Float32Range(-1e30, 1e30).Draw(t, "value")
			}
			want = append(want, row)
			fmt.Fprintf(&content, "%v,%v,%v\n", row[0], row[1], row[2])
		}
		l, err := parseCSV(strings.NewReader(content.String()), "numbers", "target", Regress)
		require.NoError(t, err)
		for i, row := range want {
			require.Equal(t, []float32{row[0], row[2]}, l.floats[2*i:2*i+2])
			require.Equal(t, row[1], l.target[i])
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add(flowers, "kind", uint8(Classify))
	f.Add("a,b\n1,2\n3,4\n", "b", uint8(Regress))
	f.Add("a,\"b\"\n\"1\",\"x\"\"y\"\r\n", "b", uint8(Classify))
	f.Fuzz(func(t *testing.T, content, target string, kind uint8) {
		l, err := parseCSV(strings.NewReader(content), "f", target, Kind(kind%2))
		if err != nil {
			return
		}
		require.Equal(t, len(l.target)*l.Dim(), len(l.floats))
		require.Equal(t, len(l.target), l.held.size())
		for _, y := range l.target {
			require.True(t, kind%2 == uint8(Regress) || int(y) < len(l.Labels))
		}
	})
}
