// Package synapse is the protocol between neurons, tao.synapse.v1: its generated
// code, what a signature covers, and the keys of TLS.
//
// A request travels with a Head and a signature in its metadata, a response with a
// ResponseHead:
//
//	signature = sign(hotkey, "tao/synapse/v1/request\n"  || head bytes)      head.body     = SHA-256(serialised request)
//	signature = sign(hotkey, "tao/synapse/v1/response\n" || head bytes)      head.request  = SHA-256(the request's head bytes)
//
// The bytes of a head are signed and hashed as they were sent, and so is the message:
// nobody has to serialise anything twice alike. Of a stream the first message in each
// direction is signed; the others belong to it by TLS, whose server key is the one
// whose fingerprint the chain has.
package synapse
