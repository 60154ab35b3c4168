package data

// Bounds of what is read. Each is checked before memory is taken for it.
const (
	// MaxText is the most bytes of one text: its files together, and what comes
	// out of them.
	MaxText = 1 << 30
	// MaxFiles is the most files of one source.
	MaxFiles = 1 << 17
	// MaxLine is the longest line of a JSONL file in bytes.
	MaxLine = 16 << 20
	// MaxImages is the most bytes of one set of images, one byte per pixel and
	// channel.
	MaxImages = 1 << 30
	// MaxPixels is the most pixels of one image, and the most values of one row
	// of an npy array.
	MaxPixels = 1 << 20
	// MaxPNG is the most bytes of one PNG file.
	MaxPNG = 64 << 20
	// MaxTable is the most bytes of a CSV file, of the data in an npy file, and
	// of a table in memory at four bytes a value.
	MaxTable = 1 << 30
	// MaxColumns is the most columns of a CSV file, the target included.
	MaxColumns = 1 << 14
	// MaxRows is the most examples of a set of images or of a table.
	MaxRows = 1 << 23
	// MaxClasses is the most classes; a class number is exact as a float32.
	MaxClasses = 1 << 16
)
