// Package wallet holds a neuron's two keys, signs with them and checks what others
// signed.
//
// The coldkey owns: it pays, stakes and receives the pay. It lies in a keyring of the
// SDK, the same that taod uses, so `taod keys list` shows it, and it can stay on
// another machine.
//
// The hotkey works: it signs rows, the axon record and every request. It lies in a file
// of its own, because a neuron that runs for weeks must be able to sign without a
// password, and because whoever reads that file can spoil a reputation but cannot take
// Tao: a hotkey never holds any.
//
// The two are different types. A running neuron is made of a Hotkey alone and nothing in
// it takes a Coldkey, so that what is exposed to the network never opens the keyring.
//
// A hotkey agrees to be registered by a Consent, which may travel to the machine of the
// coldkey as a file.
package wallet
