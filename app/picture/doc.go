// Package picture draws the network and its epochs: an SVG of a metagraph and a
// PNG of a scenario. It reads query answers and results, never state.
package picture
