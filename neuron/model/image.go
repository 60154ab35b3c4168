package model

import "github.com/taonet/taonet/neuron/nn"

// ImageConfig is the size of a model of images.
type ImageConfig struct {
	// Shape is [height, width] or [height, width, channels], Classes what it tells apart.
	Shape   []int
	Classes int
	// Hidden is the width of the dense layer.
	Hidden int
	// Dropout of the dense layer while training, 0 up to 1.
	Dropout float32
}

// pixels is the size of an image of that shape.
func (c ImageConfig) pixels() nn.Image {
	m := nn.Image{Height: c.Shape[0], Width: c.Shape[1], Channels: 1}
	if len(c.Shape) == 3 {
		m.Channels = c.Shape[2]
	}
	return m
}

// ImageMLP is an image-mlp: one dense layer over all pixels.
type ImageMLP struct {
	config               ImageConfig
	in, inBias, out, end *nn.Param
}

// NewImageMLP returns a model with random parameters.
func NewImageMLP(c ImageConfig, seed uint64) *ImageMLP {
	s := newInitial(seed)
	return &ImageMLP{
		config: c,
		in:     s.weights("in.weight", volume(c.Shape), c.Hidden), inBias: bias("in.bias", c.Hidden),
		out: s.output("out.weight", c.Hidden, c.Classes), end: bias("out.bias", c.Classes),
	}
}

// Architecture implements Classifier.
func (m *ImageMLP) Architecture() string { return imageMLP }

// Card implements Classifier.
func (m *ImageMLP) Card() Card {
	return classifierCard(m, Image, m.config.Shape, m.config.Classes, m.config.Hidden)
}

// Params implements Classifier.
func (m *ImageMLP) Params() []*nn.Param { return []*nn.Param{m.in, m.inBias, m.out, m.end} }

// Forward implements Classifier.
func (m *ImageMLP) Forward(t *nn.Tape, values []float32, n int) (logits, hidden *nn.Tensor) {
	dim := volume(m.config.Shape)
	checkExamples(values, n, dim)
	hidden = t.Dropout(t.GELU(dense(t, nn.Constant(n, dim, values), m.in, m.inBias)), m.config.Dropout)
	return dense(t, hidden, m.out, m.end), hidden
}

// Standardise implements Classifier.
func (m *ImageMLP) Standardise([]float32, []float32) error { return nil }

// Deviation implements Classifier.
func (m *ImageMLP) Deviation() float32 { return 1 }

// Blank implements Classifier.
func (m *ImageMLP) Blank() Classifier { return bare(NewImageMLP(m.config, 0)) }

const (
	kernel = 3 // side of the convolutions' kernels
	first  = 8 // channels after the first convolution
	second = 2 * first
	pooled = 4 // two pools make height and width that much smaller
)

// ImageConv is an image-conv, after LeCun et al. (1998): twice a convolution of 3 x 3,
// GELU and the largest of each 2 x 2; then a dense layer.
type ImageConv struct {
	config ImageConfig
	// image is the size with which it computes: height and width are multiples of
	// pooled, and what an image lacks is zero.
	image                      nn.Image
	conv1, bias1, conv2, bias2 *nn.Param
	in, inBias, out, end       *nn.Param
	planes                     []float32
}

// NewImageConv returns a model with random parameters.
func NewImageConv(c ImageConfig, seed uint64) *ImageConv {
	s, image := newInitial(seed), c.pixels()
	image.Height, image.Width = (image.Height+pooled-1)/pooled*pooled, (image.Width+pooled-1)/pooled*pooled
	flat := second * image.Height / pooled * image.Width / pooled
	patch := func(channels int) int { return channels * kernel * kernel }
	return &ImageConv{
		config: c, image: image,
		conv1: s.kernels("conv1.weight", first, patch(image.Channels)), bias1: bias("conv1.bias", first),
		conv2: s.kernels("conv2.weight", second, patch(first)), bias2: bias("conv2.bias", second),
		in: s.weights("in.weight", flat, c.Hidden), inBias: bias("in.bias", c.Hidden),
		out: s.output("out.weight", c.Hidden, c.Classes), end: bias("out.bias", c.Classes),
	}
}

// Architecture implements Classifier.
func (m *ImageConv) Architecture() string { return imageConv }

// Card implements Classifier.
func (m *ImageConv) Card() Card {
	return classifierCard(m, Image, m.config.Shape, m.config.Classes, m.config.Hidden)
}

// Params implements Classifier.
func (m *ImageConv) Params() []*nn.Param {
	return []*nn.Param{m.conv1, m.bias1, m.conv2, m.bias2, m.in, m.inBias, m.out, m.end}
}

// Forward implements Classifier.
func (m *ImageConv) Forward(t *nn.Tape, values []float32, n int) (logits, hidden *nn.Tensor) {
	checkExamples(values, n, volume(m.config.Shape))
	in := m.image
	x := nn.Constant(n, in.Values(), m.planar(values, n))
	for _, layer := range [2]struct{ w, b *nn.Param }{{m.conv1, m.bias1}, {m.conv2, m.bias2}} {
		x = t.Convolution(x, &layer.w.Tensor, &layer.b.Tensor, in, kernel)
		in.Channels = layer.w.Rows
		x = t.MaxPool(t.GELU(x), in)
		in.Height, in.Width = in.Height/2, in.Width/2
	}
	hidden = t.Dropout(t.GELU(dense(t, x, m.in, m.inBias)), m.config.Dropout)
	return dense(t, hidden, m.out, m.end), hidden
}

// planar puts the channels of each picture one after the other, each with room to its
// right and below up to the size of m.image.
func (m *ImageConv) planar(values []float32, n int) []float32 {
	from, to := m.config.pixels(), m.image
	if from == to && from.Channels == 1 {
		return values
	}
	planes := room(&m.planes, n*to.Values())
	clear(planes)
	for i := range n {
		picture, out := values[i*from.Values():], planes[i*to.Values():]
		for y := range from.Height {
			for x := range from.Width {
				for c := range from.Channels {
					out[(c*to.Height+y)*to.Width+x] = picture[(y*from.Width+x)*from.Channels+c]
				}
			}
		}
	}
	return planes
}

// Standardise implements Classifier.
func (m *ImageConv) Standardise([]float32, []float32) error { return nil }

// Deviation implements Classifier.
func (m *ImageConv) Deviation() float32 { return 1 }

// Blank implements Classifier.
func (m *ImageConv) Blank() Classifier { return bare(NewImageConv(m.config, 0)) }
