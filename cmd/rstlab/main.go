// Rstlab plays the causes of TCP resets between real kernels, and says of the
// resets in a capture who sent them and why. "rstlab --help" tells more.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	reexec()
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit status. The first
// interrupt ends the command cleanly, a second one at once.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	var helped error // cobra takes no error of help
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { helped = writeHelp(cmd) })
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = helped
	}
	return tell(stderr, err)
}
