// Package experiment holds the reproducible experiments of the sidecar: what a
// network learns beyond its members, what each design choice is worth, and who earns.
//
// Every experiment takes its data and seeds from an Env, and its Result is written as
// Markdown, JSON and PNG. Means come with the half width of their 95 % confidence
// interval over seeds, t(n-1) s/sqrt(n); differences are taken within a seed.
package experiment
