package data

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// LoadPNG reads a folder of which each sub-folder is a class and holds its images
// as *.png, all of one size. The first image says whether all are gray, [height,
// width], or coloured, [height, width, 3]. Pixels become 0 to 1, transparent ones
// are blended with black. Other files, deeper folders and names that begin with a
// dot are left out.
func LoadPNG(name, folder string) (*Labelled, error) {
	labels, files, err := pngFiles(folder)
	if err != nil {
		return nil, fmt.Errorf("images %q: %w", name, err)
	}
	var first picture
	var pixels []uint8
	var target []float32
	for class, paths := range files {
		for _, path := range paths {
			content, err := readPNG(path)
			if err != nil {
				return nil, fmt.Errorf("images %q: %w", name, err)
			}
			next, err := parsePNG(content, path)
			if err != nil {
				return nil, fmt.Errorf("images %q: %w", name, err)
			}
			if first.pixels == nil {
				first = next
				if err := checkImages(path, len(next.pixels), files); err != nil {
					return nil, fmt.Errorf("images %q: %w", name, err)
				}
			}
			if !slices.Equal(next.shape, first.shape) {
				return nil, fmt.Errorf("images %q: %s is %s, the first is %s: give all images one size and one kind of colour", name, path, next, first)
			}
			pixels = append(pixels, next.pixels...)
			target = append(target, float32(class))
		}
	}
	return newLabelled(name, values{shape: first.shape, bytes: pixels, scale: 255}, labels, target), nil
}

// checkImages bounds what images like the first will take.
func checkImages(path string, size int, files [][]string) error {
	count := 0
	for _, paths := range files {
		count += len(paths)
	}
	if count > MaxImages/size {
		return fmt.Errorf("%s: %d images of %d bytes like this one, at most %d bytes: use fewer or smaller images", path, count, size, MaxImages)
	}
	return nil
}

// pngFiles lists the classes of a folder and the images of each, both sorted.
func pngFiles(folder string) (labels []string, files [][]string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("no such data: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			labels = append(labels, entry.Name())
		}
	}
	if len(labels) == 0 || len(labels) > MaxClasses {
		return nil, nil, fmt.Errorf("%s: %d sub-folders, must be 1 to %d: put the images of each class in a folder named after it", folder, len(labels), MaxClasses)
	}
	sortLabels(labels)
	count := 0
	for _, label := range labels {
		inside, err := os.ReadDir(filepath.Join(folder, label))
		if err != nil {
			return nil, nil, err
		}
		var paths []string
		for _, entry := range inside {
			path := filepath.Join(folder, label, entry.Name())
			if strings.EqualFold(filepath.Ext(path), ".png") && !strings.HasPrefix(entry.Name(), ".") && isFile(path, entry) {
				paths = append(paths, path)
			}
		}
		if len(paths) == 0 {
			return nil, nil, fmt.Errorf("%s: no .png file: remove the folder, or convert its images to PNG", filepath.Join(folder, label))
		}
		if count += len(paths); count > MaxFiles {
			return nil, nil, tooManyFiles(folder)
		}
		files = append(files, paths)
	}
	return labels, files, nil
}

// sortLabels sorts whole numbers by value, 9 before 10, and other names by bytes.
func sortLabels(labels []string) {
	value := make(map[string]int, len(labels))
	for _, label := range labels {
		n, err := strconv.Atoi(label)
		if err != nil {
			slices.Sort(labels)
			return
		}
		value[label] = n
	}
	slices.SortFunc(labels, func(a, b string) int {
		return cmp.Or(cmp.Compare(value[a], value[b]), strings.Compare(a, b))
	})
}

// picture is a decoded image, one byte per pixel and channel.
type picture struct {
	shape  []int
	pixels []uint8
}

// String tells size and colour.
func (p picture) String() string {
	if len(p.shape) == 2 {
		return fmt.Sprintf("%dx%d gray", p.shape[1], p.shape[0])
	}
	return fmt.Sprintf("%dx%d in colour", p.shape[1], p.shape[0])
}

func readPNG(path string) ([]byte, error) {
	f, size, err := open(path, MaxPNG)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, size))
}

func parsePNG(content []byte, path string) (picture, error) {
	config, err := png.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return picture{}, fmt.Errorf("%s: no PNG that can be read: %w; convert it anew", path, endOf(err))
	}
	if config.Width < 1 || config.Height < 1 || config.Width > MaxPixels/config.Height {
		return picture{}, fmt.Errorf("%s: %d x %d pixels, must be 1 to %d together: scale it down", path, config.Width, config.Height, MaxPixels)
	}
	decoded, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		return picture{}, fmt.Errorf("%s: damaged PNG: %w; convert it anew", path, endOf(err))
	}
	return flatten(decoded, config.ColorModel, path)
}

// endOf spells out what an image decoder says of a file that is cut short.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func flatten(decoded image.Image, model color.Model, path string) (picture, error) {
	in, ok := decoded.(image.RGBA64Image)
	if !ok {
		return picture{}, fmt.Errorf("%s: pixels of type %T: convert it to 8-bit gray or RGB", path, decoded)
	}
	box := in.Bounds()
	gray := model == color.GrayModel || model == color.Gray16Model
	out := picture{shape: []int{box.Dy(), box.Dx()}}
	if !gray {
		out.shape = append(out.shape, 3)
	}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			c := in.RGBA64At(x, y)
			out.pixels = append(out.pixels, uint8(c.R>>8))
			if !gray {
				out.pixels = append(out.pixels, uint8(c.G>>8), uint8(c.B>>8))
			}
		}
	}
	return out, nil
}
