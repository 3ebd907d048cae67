package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/report"
)

func newAnalyze() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "analyze FILE...",
		Short: "Judge the resets in captures: who sent each one, and why",
		Long: `Judges every TCP reset in the captures: who sent it, why, how sure that is, by
which frames, what else it could be, and what would settle it. Frames count
from 1, as Wireshark's do.

Reads pcap and pcapng, plain or compressed with gzip or zstd; "-" is standard
input. Several files are captures of one trouble from several points, or the
parts of a rotated capture; they are judged together.

What can't be read is told with its place, and what could be read is judged.`,
		Example: `  rstlab analyze trouble.pcapng
  rstlab analyze client.pcapng server.pcapng        two points of one trouble
  rstlab analyze --at server.pcapng=192.0.2.1 server.pcapng
  tcpdump -i eth0 -w - tcp | rstlab analyze -
  rstlab analyze -o jsonl trouble.pcapng | jq -r 'select(.type == "verdict") | .cause'
  rstlab analyze --fail-on injected-reset,blind-reset trouble.pcapng`,
		Args: oneOrMore("FILE..."),
	}
	output := addOutput(cmd, report.AnalysisFormats())
	connections := cmd.Flags().Bool("connections", false, "list every connection and how it ended, too")
	at := cmd.Flags().StringSlice("at", nil, "`FILE=ADDRESS`: the capture was taken at the host with this address")
	failOn := cmd.Flags().StringSlice("fail-on", nil, "end with status 1 if one of these `CAUSE`s is found")
	complete(cmd, "fail-on", completeCauses)

	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		unwanted, err := causes(*failOn)
		if err != nil {
			return usage(cmd, err)
		}
		inputs, err := openAll(cmd.Context(), cmd.InOrStdin(), files, *at)
		if err != nil {
			return usage(cmd, err)
		}
		look := style(cmd.OutOrStdout())
		look.Files = len(files) > 1
		out := report.NewAnalysis(output.value, cmd.OutOrStdout(), look)

		found, told := false, false
		err = analyzer.Analyze(cmd.Context(), inputs, analyzer.Options{Connections: *connections}, func(r analyzer.Record) error {
			switch r := r.(type) {
			case *analyzer.Error:
				if cmd.Context().Err() != nil {
					break // it says that the interrupt cut the capture
				}
				told = true
				diagnose(cmd.ErrOrStderr(), fmt.Errorf("read %s: offset %d: %s", r.File, r.Offset, r.Err))
			case *analyzer.Verdict:
				found = found || slices.Contains(unwanted, r.Cause)
			}
			return out.Record(r)
		})
		interrupted := cmd.Context().Err()
		switch {
		case interrupted != nil:
			return interrupted
		case err != nil && told:
			return &statusError{Status: statusUsage}
		case err != nil:
			return err
		case found:
			return &statusError{Status: statusFailed}
		}
		return nil
	}
	return cmd
}

// causes checks the words of --fail-on.
func causes(words []string) ([]cause.ID, error) {
	var ids []cause.ID
	for _, word := range words {
		c, err := lookup(word)
		if err != nil {
			return nil, err
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}

// openAll makes inputs of the files, with what --at says of them.
func openAll(ctx context.Context, stdin io.Reader, files, at []string) ([]analyzer.Input, error) {
	places := map[string]netip.Addr{}
	for _, word := range at {
		i := strings.LastIndex(word, "=")
		if i < 0 || !slices.Contains(files, word[:i]) {
			return nil, fmt.Errorf("read --at %q: want FILE=ADDRESS, FILE one of those to analyze", word)
		}
		addr, err := netip.ParseAddr(word[i+1:])
		if err != nil {
			return nil, fmt.Errorf("read --at %q: %w", word, err)
		}
		places[word[:i]] = addr
	}
	var in []analyzer.Input
	for i, file := range files {
		if file == "-" && slices.Contains(files[:i], "-") {
			return nil, fmt.Errorf("read \"-\" twice: standard input can be read once")
		}
		in = append(in, analyzer.Input{Name: file, R: open(ctx, stdin, file), At: places[file]})
	}
	return in, nil
}

// open returns a reader of file. What goes wrong with it is an error of its
// Read, so that the analyzer can judge the other files.
func open(ctx context.Context, stdin io.Reader, file string) io.Reader {
	if file != "-" {
		return &lazyFile{path: file}
	}
	// Standard input may be silent for ever; an interrupt ends it all the same.
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, stdin)
		w.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { w.Close() })
	return r
}

// A lazyFile is opened at its first Read and closed at its end: a rotated
// capture may have more files than a process may open.
type lazyFile struct {
	path string
	f    *os.File
	err  error
}

func (l *lazyFile) Read(p []byte) (int, error) {
	if l.f == nil && l.err == nil {
		l.f, l.err = os.Open(l.path)
	}
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.f.Read(p)
	if err != nil {
		l.err = err
		l.f.Close()
	}
	return n, err
}
