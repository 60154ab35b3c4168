// Package arena is a whole network on this machine: a real chain, one taod process, and
// neurons of several roles that register, serve, ask, score and are paid. Demo and
// experiments look on.
package arena
