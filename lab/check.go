//go:build linux

package lab

// Check finds every error of a configuration before anything is made.
func (c Config) Check() error { panic("not built yet") }
