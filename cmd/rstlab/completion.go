package main

import (
	"io"

	"github.com/spf13/cobra"
)

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print what lets a shell complete commands, scenarios and causes",
		Long: `Prints a script for a shell, which then completes commands, flags, formats,
scenarios, causes and files. Packages install it; without one, put it where the
shell looks, or load it in the shell's own start file.`,
		Example: `  rstlab completion bash > ~/.local/share/bash-completion/completions/rstlab
  rstlab completion zsh > ~/.zsh/completions/_rstlab       a folder of $fpath, before compinit
  rstlab completion fish > ~/.config/fish/completions/rstlab.fish
  source <(rstlab completion bash)                         in this shell only`,
		Args:      oneOf("bash", "zsh", "fish", "powershell"),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			return map[string]func(io.Writer) error{
				"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
				"zsh":        root.GenZshCompletion,
				"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
				"powershell": root.GenPowerShellCompletionWithDesc,
			}[args[0]](cmd.OutOrStdout())
		},
	}
}
