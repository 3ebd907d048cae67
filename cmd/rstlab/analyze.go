package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/heap"
	"rstlab/internal/report"
)

// usual is about the memory, in bytes, that it takes to analyze a large capture,
// however long it is. To take it by ordinary pages costs a twelfth of the time.
const usual = 96 << 20

// analyzeOptions are the flags of analyze.
type analyzeOptions struct {
	output       *output
	connections  bool
	at, failOn   []string
	host         address
	stream       stream
	since, until moment
	annotate     string
}

func newAnalyze() *cobra.Command {
	var o analyzeOptions
	cmd := &cobra.Command{
		Use:   "analyze FILE...",
		Short: "Judge the resets in captures: who sent each one, and why",
		Long: `Judges every TCP reset in the captures: who sent it, why, how sure that is, by
which frames, what else it could be, and what would settle it. Frames count
from 1, as Wireshark's do.

Reads pcap and pcapng, plain or compressed with gzip, zstd or bzip2; "-" is
standard input. Several files are captures of one trouble from several points,
or the parts of a rotated capture, which lie in one directory under names that
differ in digits only; they are judged together. So are the interfaces of one
pcapng, where the same packets came by at more than one of them.

What can't be read is told with its place, and what could be read is judged.

--host, --stream, --since and --until choose what is told, not what is looked
at. T is the time from the first packet on, in seconds (12.5) or as 1m30s; a
local time of day (09:30:00); or a date and time, local (2026-11-23 09:30:00) or
of a named zone (2026-11-23T09:30:00Z).

-o may be repeated, and FORMAT=FILE writes a file; standard output has the text
where nothing else is asked for it. Of many verdicts that are alike, the text
and md show the first ones and count the others, html tells the first one of
each host and lists the others; jsonl has all.

html is one page for a browser, which fetches nothing: verdicts, diagrams of the
packets that matter, an overview, filters.

--annotate writes all packets once more, as pcapng: each reset with its verdict
as a comment, and on the frames of its evidence a short one. Names, decryption
secrets and custom blocks are copied, too. Several captures are merged in order
of time.`,
		Example: `  rstlab analyze trouble.pcapng
  rstlab analyze client.pcapng server.pcapng        two points of one trouble
  rstlab analyze --at server.pcapng=192.0.2.1 server.pcapng
  rstlab analyze --since 09:30 --until 09:40 --host 192.0.2.1 day.pcap.gz
  rstlab analyze --annotate read.pcapng trouble.pcapng
  tcpdump -i eth0 -w - tcp | rstlab analyze -
  rstlab analyze -o md=ticket.md trouble.pcapng
  rstlab analyze -o html=report.html client.pcapng server.pcapng
  rstlab analyze -o jsonl trouble.pcapng | jq -r 'select(.type == "verdict") | .cause'
  rstlab analyze --fail-on injected-reset,blind-reset trouble.pcapng`,
		Args: oneOrMore("FILE..."),
	}
	o.output = addOutput(cmd, report.AnalysisFormats())
	cmd.Flags().BoolVar(&o.connections, "connections", false, "list every connection and how it ended, too")
	cmd.Flags().StringSliceVar(&o.at, "at", nil, "`FILE=ADDRESS`: the capture was taken at the host with this address")
	cmd.Flags().Var(&o.host, "host", "tell only of connections of this `ADDRESS`")
	cmd.Flags().Var(&o.stream, "stream", "tell only of the connection with this `NUMBER`, which is Wireshark's tcp.stream")
	cmd.Flags().Var(&o.since, "since", "tell only of resets from `T` on")
	cmd.Flags().Var(&o.until, "until", "tell only of resets before `T`")
	cmd.Flags().StringVar(&o.annotate, "annotate", "", "write the packets to `OUT.pcapng`, the verdicts as comments")
	cmd.Flags().StringSliceVar(&o.failOn, "fail-on", nil, "end with status 1 if one of these `CAUSE`s is found")
	for _, flag := range []string{"host", "stream", "since", "until"} {
		complete(cmd, flag, cobra.NoFileCompletions)
	}
	complete(cmd, "fail-on", completeCauseList)
	cmd.RunE = o.run
	return cmd
}

// run checks all that is asked for, opens what is written, and judges.
func (o *analyzeOptions) run(cmd *cobra.Command, files []string) (err error) {
	unwanted, err := causes(o.failOn)
	if err == nil && len(unwanted) == 0 && cmd.Flags().Changed("fail-on") {
		err = errors.New("read --fail-on: found no cause, want one or more, separated by commas") // a check of nothing would always succeed
	}
	if err != nil {
		return usage(cmd, err)
	}
	from, err := sources(files, o.at)
	if err == nil {
		err = once(files)
	}
	if err != nil {
		return usage(cmd, err)
	}
	var notes *annotation
	besides := files
	if o.annotate != "" {
		if notes, err = newAnnotation(o.annotate, from); err != nil {
			return usage(cmd, err)
		}
		defer func() { err = errors.Join(err, notes.Close()) }()
		besides = append(slices.Clip(files), o.annotate)
	}
	to, err := o.output.open(cmd.OutOrStdout(), besides)
	if err != nil {
		return usage(cmd, err)
	}
	defer func() { err = to.end(cmd.ErrOrStderr(), err) }()
	if !slices.ContainsFunc(to, func(s sink) bool { return s.format == "jsonl" }) { // a program looks for the files
		for i, name := range brief(files) {
			from[i].name = name
		}
	}
	found, err := o.judge(cmd, from, to, notes, unwanted)
	if err == nil && found {
		return &statusError{Status: statusFailed}
	}
	return err
}

// judge analyzes the captures and reports; notes may be nil. It says whether a
// cause that is unwanted was found.
func (o *analyzeOptions) judge(cmd *cobra.Command, from []*source, to sinks, notes *annotation, unwanted []cause.ID) (found bool, err error) {
	reading := newReading(from)
	bar := startProgress(cmd, reading.line)
	defer bar.end()
	stderr := bar.above(cmd.ErrOrStderr())
	var inputs []analyzer.Input
	for _, s := range from {
		in := s.open(cmd.Context(), cmd.InOrStdin())
		in.R = reading.counting(in.R)
		inputs = append(inputs, in)
	}
	var out report.Analyses
	for _, s := range to {
		look := style(s.w)
		look.Files = len(from) > 1
		out = append(out, report.NewAnalysis(s.format, bar.above(s.w), look))
	}
	opts := analyzer.Options{Connections: o.connections, Host: o.host.Addr, Stream: o.stream.id, Since: o.since.at, Until: o.until.at}
	if notes == nil {
		opts.Brief = out.Brief
	}
	heap.Reserve(usual)
	told := false
	err = analyzer.Analyze(cmd.Context(), inputs, opts, func(r analyzer.Record) error {
		switch r := r.(type) {
		case *analyzer.Error:
			if cmd.Context().Err() != nil {
				break // it says that the interrupt cut the capture
			}
			told = true
			diagnose(stderr, unread(r))
		case *analyzer.Verdict:
			found = found || slices.Contains(unwanted, r.Cause)
		}
		if notes != nil {
			if err := notes.notes.Record(r); err != nil {
				return err
			}
		}
		return out.Record(r)
	})
	interrupted := cmd.Context().Err()
	if notes != nil && (err == nil || interrupted != nil) {
		if err := notes.write(cmd.Context(), stderr); err != nil {
			return found, err
		}
	}
	switch {
	case interrupted != nil:
		return found, interrupted
	case err != nil && told:
		return found, &statusError{Status: statusUsage}
	}
	return found, err
}

// once refuses a capture that is named twice: it is not of two points.
func once(files []string) error {
	for i, file := range files {
		if slices.Contains(files[:i], file) {
			return fmt.Errorf("read %s twice: want captures of different points, or parts of one", file)
		}
	}
	return nil
}

// unread says what could not be read. Where a file could not even be opened, its
// name and the cause are all there is to say.
func unread(e *analyzer.Error) error {
	if why, found := strings.CutPrefix(e.Err, "read file header: "); found && strings.Contains(why, " "+e.File+": ") {
		return errors.New(why)
	}
	return e
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
