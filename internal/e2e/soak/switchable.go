//go:build soak

package main

// switchable tells that the library in this program has its switches.
const switchable = true
