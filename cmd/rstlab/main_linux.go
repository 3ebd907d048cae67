package main

import "rstlab/lab"

// reexec never returns in a process that a lab started from this binary, nor
// without root where a user namespace can be had: the command then runs there.
func reexec() { lab.Reexec() }
