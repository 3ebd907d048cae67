package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// "make man" names the folder for the manual pages, and in SOURCE_DATE_EPOCH
// their date; the test alone makes them in a folder of its own.
var manDir = flag.String("man", "", "write the manual pages to `DIR`")

// TestMan makes the manual pages from what "rstlab help" says, of each command
// in section 1 and of each topic in section 7, and lets mandoc check them.
func TestMan(t *testing.T) {
	dir := *manDir
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, page := range manPages(newRoot()) {
		if err := os.WriteFile(filepath.Join(dir, name), md2man.Render([]byte(page)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Skip("no mandoc here; ci/install installs it")
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.[17]"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(mandoc, append([]string{"-T", "lint", "-W", "warning"}, pages...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("mandoc finds fault: %v\n%s", err, out)
	}
	for page, want := range map[string][]string{
		"rstlab.1":              {"130  interrupted; what was found until then has been printed\n", "rstlab run port-closed ", "rstlab-analyze(1)", "rstlab-language(7)"},
		"rstlab-run.1":          {"-j, --jobs=N\n", "play N scenarios at the same time", "--label takes labels", "rstlab run --label 'connect&&!control' --save captures\n", "rstlab(1)"},
		"rstlab-golden-write.1": {"rstlab golden write DIR [NAME|FILE|DIR...]", "--raw  keep the captures", "rstlab golden write golden"},
		"rstlab-golden-score.1": {"open    no answer, where there is one\n"},
		"rstlab-sanitize.1":     {"payloads are zeros; long ones begin with a mark that is the same for the same payload\n"},
		"rstlab-causes.7":       {"port-closed", "The SYN met a port on which nothing listens."},
		"rstlab-verdict.7":      {"likely", "a look-alike would need an unusual device"},
		"rstlab-language.7":     {"client connect server.80 = ECONNREFUSED\n"},
		"rstlab-exit-status.7":  {"2    wrong use, input"},
	} {
		out, err := exec.Command(mandoc, "-T", "utf8", "-O", "width=400", filepath.Join(dir, page)).Output()
		if err != nil {
			t.Errorf("mandoc of %s: %v", page, err)
		}
		text := regexp.MustCompile(".\b").ReplaceAllString(string(out), "") // bold and underlined
		for _, want := range want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", page, want, text)
			}
		}
	}
	if len(pages) < 15 {
		t.Errorf("%d pages: %q", len(pages), pages)
	}
}

// manPages are the pages in Markdown, by their files' names, of cmd, of all
// below it, and of the topics.
func manPages(root *cobra.Command) map[string]string {
	pages := map[string]string{}
	var add func(*cobra.Command)
	add = func(cmd *cobra.Command) {
		if cmd.Runnable() && !cmd.Hidden {
			name := manName(cmd)
			pages[name+".1"] = manHead(name, "1", cmd.Short) + manBody(cmd)
		}
		for _, c := range cmd.Commands() {
			add(c)
		}
	}
	add(root)
	for _, t := range topics {
		name := "rstlab-" + t.name
		pages[name+".7"] = manHead(name, "7", t.short) + "# DESCRIPTION\n" + mdLists(t.text())
	}
	return pages
}

// mdLists has lists in the place of tables, which are wider than a page: each
// row's first cell, and below it the others, named where there are several.
func mdLists(text string) string {
	var b strings.Builder
	var head []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			head = nil
			b.WriteString(line)
			continue
		}
		cells := mdCells(line)
		switch {
		case head == nil:
			head = cells
		case strings.Trim(line, "|-: \n") == "":
		default:
			fmt.Fprintf(&b, "%s\n: ", cells[0])
			var about []string
			for i, cell := range cells[1:] {
				if cell != "" && len(cells) > 2 {
					cell = "*" + head[i+1] + "*: " + cell
				}
				if cell != "" {
					about = append(about, cell)
				}
			}
			fmt.Fprintf(&b, "%s\n\n", strings.Join(about, "; "))
		}
	}
	return b.String()
}

// mdCells are the cells of a table's row.
func mdCells(line string) []string {
	line = strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, "\x00")
	var cells []string
	for cell := range strings.SplitSeq(line, "|") {
		cells = append(cells, strings.TrimSpace(strings.ReplaceAll(cell, "\x00", "|")))
	}
	return cells
}

func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func manHead(name, section, short string) string {
	at, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		at = 0 // no page tells when it was made: two builds are alike
	}
	return fmt.Sprintf("%% %q %q %q \"rstlab\" \"rstlab\"\n# NAME\n%s - %s\n\n",
		strings.ToUpper(name), section, time.Unix(at, 0).UTC().Format(time.DateOnly), name, short)
}

// manBody is what help says of a command.
func manBody(cmd *cobra.Command) string {
	var b strings.Builder
	long := cmd.Long
	if long == "" {
		long = cmd.Short + "."
	}
	fmt.Fprintf(&b, "# SYNOPSIS\n**%s**%s\n\n# DESCRIPTION\n%s\n\n", cmd.CommandPath(),
		mdPlain(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())), mdPlain(mdIndented(long)))
	fmt.Fprint(&b, "# OPTIONS\n")
	cmd.InitDefaultHelpFlag()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value, about := pflag.UnquoteUsage(f)
		names := "**--" + f.Name + "**"
		if f.Shorthand != "" {
			names = "**-" + f.Shorthand + "**, " + names
		}
		if value != "" {
			names += "=*" + mdPlain(strings.ToUpper(value)) + "*"
		}
		fmt.Fprintf(&b, "%s\n: %s\n\n", names, mdPlain(about))
	})
	if cmd.Example != "" {
		fmt.Fprintf(&b, "# EXAMPLES\n%s\n\n", mdIndented(cmd.Example))
	}
	var also []string
	if cmd.HasParent() {
		also = append(also, "**"+manName(cmd.Parent())+"**(1)")
	}
	for _, c := range cmd.Commands() {
		section := "1"
		if !c.Runnable() {
			section = "7"
		}
		also = append(also, "**"+manName(c)+"**("+section+")")
	}
	fmt.Fprintf(&b, "# SEE ALSO\n%s\n", strings.Join(also, ", "))
	return b.String()
}

// mdPlain is text of help, which is no Markdown, in Markdown; blocks that are
// indented stay.
func mdPlain(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, "    ") {
			line = regexp.MustCompile("[\\\\`*_\\[\\]<>|]").ReplaceAllString(line, `\$0`)
		}
		b.WriteString(line)
	}
	return b.String()
}
