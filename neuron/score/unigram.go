package score

// Unigram is the null expert: classes by how often they came, each counted once more
// than it did.
//
//	p(y) = (count_y + 1) / (total + classes)
type Unigram struct {
	Counts []uint64
	Total  uint64
}

// NewUnigram counts nothing yet, so it is uniform.
func NewUnigram(classes int) *Unigram { return &Unigram{Counts: make([]uint64, classes)} }

// AddBytes counts training bytes; there are 256 classes.
func (u *Unigram) AddBytes(data []byte) {
	for _, b := range data {
		u.Counts[b]++
	}
	u.Total += uint64(len(data))
}

// Add counts training targets; negative ones are passed over.
func (u *Unigram) Add(targets []int32) {
	for _, y := range targets {
		if y >= 0 {
			u.Counts[y]++
			u.Total++
		}
	}
}

// P is the probability of a class.
func (u *Unigram) P(class int) float32 {
	return float32(float64(u.Counts[class]+1) / (float64(u.Total) + float64(len(u.Counts))))
}
