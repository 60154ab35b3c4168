// Package lane is the free lane: how a neuron's rows reach a block without a fee
// and without anybody being able to crowd them out.
//
// A transaction is free when every message in it is a row, a commit, a reveal or
// an axon record of one hotkey that signs alone, and nothing else rides along
// (see Classify). What keeps a free transaction honest is not money but place:
//
//  1. In CheckTx, before any signature is verified: the stateless checks, then the
//     checks of the message server itself (registered, permit, rate limit), then
//     a look whether the pending slot of (hotkey, subnet) is free.
//  2. After the signature was verified the slot is claimed. Forged transactions
//     therefore never take one.
//  3. A slot is held for as long as its transaction stays in the mempool: at every
//     new height all slots are released and the recheck of what is still pending
//     claims them again.
//
// Transactions that pay a fee may fill at most half of the mempool and half of a
// block (see Slots and Proposals), so that rows always find room.
//
// Nothing here is state: slots and caches live in the memory of one node. What
// FinalizeBlock decides depends on the state and the transaction alone.
package lane
