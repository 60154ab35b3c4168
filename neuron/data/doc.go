// Package data holds what a neuron learns from and is measured on: text, images
// and tables, read from files, cut into parts that never meet, and handed out in
// batches and sequences that resume exactly where they stopped.
//
// # Split
//
// Text is cut, file by file, into blocks of B = BlockSize bytes that do not
// overlap; what is left at the end of a file is dropped, and of equal blocks one
// is kept. With H the SHA-256 of a block and u64 a big-endian number,
//
//	part(block) = Train       where u64(H[0:8]) mod 100 <  80
//	              Gate        where                     <  88
//	              Score       where                     <  94
//	              Validation  where                     <  97
//	              Test        otherwise
//
// The part follows from the content alone, so a block that two files, two
// neurons or two versions of a dataset share lies on the same side everywhere.
//
// Images and rows of tables are sorted by the SHA-256 of their values within
// each class and cut at the same percentages of the class, so that every part has
// the classes in the same proportion. Rows with equal values stay together, on
// the side of the first of them and, where their labels differ, in the class with
// the lowest number.
//
// # Selections
//
// Other bytes of the same hash choose what one neuron holds: H[8:16] mod Count is
// the shard of an item, and H[16:24] ranks the items of a part for Take, which
// fills the parts in their proportions. A smaller Take lies within a larger one.
// A selection never moves an item to another part, so whatever a neuron trains on
// is absent from the whole domain's test part too.
//
// # Two ways to walk
//
// Training draws at random, with replacement, by a Sampler whose state is 20
// bytes. Measuring walks a Cursor: every byte once, and never again after it may
// have been sent to a peer, since a peer that has seen the next byte can answer
// it without a model.
package data
