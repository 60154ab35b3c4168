// Package chain is a neuron's only window on taod: queries, blocks and transactions by
// gRPC, from one node or several.
//
// A [Client] asks the node that answered last, and the next one when that is gone, lags
// behind what was seen before, or is of another chain. What is wrong is one sentence and
// one of the errors below, and what mends it is up to who asked:
//
//	ErrUnreachable  no node answers                 wait and try again; Blocks does
//	ErrLagging      all are behind what was seen    the same; older heights are passed over
//	ErrWrongChain   all are of another chain        stop: the configuration is wrong
//
// [Client.Blocks] tells new heights. [Client.Rows] makes a sender that keeps the last row
// of weights and brings it into a block by the free lane, whatever happens between. The
// other transactions are one call each: they wait until they are in a block and say what
// they cost.
//
// # The time of a node
//
// A free transaction is unordered: it has a time-out in place of a sequence, and the
// chain measures time-outs by the time of its blocks. So do we: the time-out is that of
// the last block and a span, whatever this machine's clock says. It is also the nonce:
// two transactions of one hotkey never have the same.
//
// # At most once
//
// A free transaction and, in a subnet with commit-reveal, the salt in it are durable
// before they are sent. After kill -9 the same bytes are sent again, and nothing else
// before these are in a block or too old to get into one.
package chain
