// Package lint holds the tests that keep the tree in order: who may import whom,
// and what consensus code must not touch.
package lint

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/taonet/taonet/"

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

func list(t *testing.T) map[string]pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", "../../...").Output()
	require.NoError(t, err)
	packages := map[string]pkg{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages[p.ImportPath] = p
	}
}

// pure packages know the standard library and each other; of the sidecar's some may
// calculate with gonum.
var (
	pure = []string{
		"x/emission/schedule", "x/subnet/cost", "x/neuron/pool", "x/neuron/price", "x/weights/yuma",
		"neuron/tensor", "neuron/blas", "neuron/nn", "neuron/moe", "neuron/distill", "neuron/score",
	}
	calculating = []string{"neuron/blas", "neuron/nn", "neuron/moe", "neuron/distill", "neuron/score"}
)

// calculates says whether a pure package may know a dependency for its arithmetic.
func calculates(name, dep string) bool {
	return contains(calculating, name) &&
		(strings.HasPrefix(dep, "gonum.org/v1/gonum/") || dep == "golang.org/x/sys/cpu")
}

func TestPurePackagesKnowOnlyTheStandardLibrary(t *testing.T) {
	packages := list(t)
	for _, name := range pure {
		p, ok := packages[module+name]
		require.True(t, ok, name)
		for _, dep := range p.Deps {
			if !packages[dep].Standard && !contains(pure, strings.TrimPrefix(dep, module)) && !calculates(name, dep) {
				t.Errorf("%s is pure and knows %s", name, dep)
			}
		}
	}
}

func TestLayers(t *testing.T) {
	// lower modules do not know higher ones
	order := []string{"emission", "subnet", "neuron", "weights"}
	for path, p := range list(t) {
		name := strings.TrimPrefix(path, module)
		if name == path {
			continue
		}
		for _, imported := range p.Imports {
			other := strings.TrimPrefix(imported, module)
			if other == imported {
				if strings.HasPrefix(name, "x/") && strings.HasPrefix(imported, "gonum.org") {
					t.Errorf("%s is under x/ and knows %s", name, imported)
				}
				continue
			}
			if strings.HasPrefix(other, "neuron") && !strings.HasPrefix(name, "neuron") && !strings.HasPrefix(name, "cmd/neuron") {
				t.Errorf("%s knows the sidecar's %s", name, other)
			}
			chain := strings.HasPrefix(other, "x/") || strings.HasPrefix(other, "app")
			if strings.HasPrefix(name, "neuron/") && chain && name != "neuron/chain" && name != "neuron/wallet" && !strings.HasSuffix(other, "/voucher") {
				t.Errorf("%s knows the chain's %s; neuron/chain and neuron/wallet alone do", name, other)
			}
			if strings.HasPrefix(name, "app/explorer") && strings.HasSuffix(other, "/keeper") {
				t.Errorf("%s reads queries, and knows %s", name, other)
			}
			checkModules(t, order, name, other)
		}
	}
}

// checkModules compares an import between two of our modules.
func checkModules(t *testing.T, order []string, name, other string) {
	t.Helper()
	from, to := moduleOf(name), moduleOf(other)
	if from == "" || to == "" || from == to {
		return
	}
	simulation := strings.HasSuffix(name, "/simulation") || strings.Count(name, "/") == 1
	if strings.HasSuffix(other, "/keeper") && !simulation {
		t.Errorf("%s knows the keeper of another module, %s", name, other)
	}
	if index(order, to) > index(order, from) {
		t.Errorf("%s is below and knows %s", name, other)
	}
}

func moduleOf(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 2 || parts[0] != "x" {
		return ""
	}
	return parts[1]
}

func contains(list []string, s string) bool { return index(list, s) >= 0 }

func index(list []string, s string) int {
	for i, v := range list {
		if v == s {
			return i
		}
	}
	return -1
}

// Consensus code must give the same bits on every machine.
func TestConsensusCodeIsDeterministic(t *testing.T) {
	banned := []string{"math/rand", "math/rand/v2", "os", "net", "net/http", "sync/atomic"}
	files := token.NewFileSet()
	require.NoError(t, filepath.WalkDir("../../x", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.Contains(path, ".pb.") || strings.Contains(path, "/simulation/") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if contains(banned, name) {
				t.Errorf("%s imports %s", path, name)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			at := func() token.Position { return files.Position(n.Pos()) }
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", at())
			case *ast.Ident:
				if n.Name == "float32" || n.Name == "float64" {
					t.Errorf("%s uses %s", at(), n.Name)
				}
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					t.Errorf("%s has the floating-point number %s", at(), n.Value)
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && n.Sel.Name == "Now" {
					t.Errorf("%s asks for the time", at())
				}
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s is an init function", at())
				}
			}
			return true
		})
		return nil
	}))
}
