// Package train is the loop of a neuron: it ties model, data, moe, distill and score
// to peers that can be asked. It knows them as interfaces; wires and chain are
// somebody else's.
//
// One step (trainer.go) draws a batch of windows, asks the peers that the dispatch
// plan names, and moves the model along
//
//	L = CE(p_local, y) + CE(p_mix, y) + β KL(stop(p_mix) || p_local)
//
// of package distill. Peers are asked for the next batch while this one is computed,
// so that what they cost is their share of the wire and not their time. Until the
// schedule lets the network in, and whenever it did not lower the loss on validation,
// the first term stands alone: then nobody is asked.
//
// Where a model is does not matter to the loop: a Learner is a Trainer, whose model is
// here (trainer.go), or a Remote, which teaches one in another process (remote.go); what
// they have in common are the lessons (lessons.go).
//
// Measuring (walk.go) is done over sequences that peers follow byte by byte: the byte
// that an answer predicts is sent after the answer has come. What peers were worth
// becomes scores and a row (judge.go). Images and rows of a table are measured by
// Forward, since their labels are never sent (judge_examples.go). Whether the mixture
// helps is decided on the validation part (evaluate.go, examples.go), sequence by
// sequence, by moe.Choose.
//
// The state of a Trainer (state.go) is written with the model: after kill -9 a
// training without peers goes on to the same bits that it would have come to.
package train
