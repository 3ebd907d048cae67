package play

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"rstlab/internal/script"
	"rstlab/lab"
)

// A program is one that "exec" started, with what it printed.
type program struct {
	line   string
	handle *lab.Program
	output output
}

// An output collects what a program prints; its two streams write to it at the
// same time.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// exec starts a program of the user's; the script goes on at once.
func (p *player) exec(a *script.Action) error {
	if !p.file.Catalogue && !p.env.opts.AllowExec {
		return p.mismatch(a, "a file from outside the catalogue runs programs only with --allow-exec")
	}
	args, err := words(*a.Args[0].String)
	if err != nil {
		return p.mismatch(a, err.Error())
	}
	prog := &program{line: *a.Args[0].String}
	prog.handle, err = p.lab.Host(a.Actor.Name).Exec(args, lab.ExecOptions{Stdout: &prog.output, Stderr: &prog.output})
	if err != nil {
		return p.mismatch(a, err.Error())
	}
	p.programs[socketKey{host: a.Actor.Name, name: a.As}] = prog
	ctx, cancel := context.WithTimeout(p.ctx, deadline(&a.EventHead))
	if a.Result == nil {
		cancel() // a server: it runs until the end
		return nil
	}
	p.tasks.Go(func() {
		defer cancel()
		status, err := prog.handle.Wait(ctx)
		switch {
		case p.ctx.Err() != nil:
		case err != nil:
			p.stop(p.programMismatch(a, prog, fmt.Sprintf("no exit within %v", deadline(&a.EventHead))))
		case a.Result.Word == "exit" && status != a.Result.Exit:
			p.stop(p.programMismatch(a, prog, fmt.Sprintf("gave exit %d, want exit %d", status, a.Result.Exit)))
		}
	})
	return nil
}

// programMismatch shows what the program printed beside what went wrong.
func (p *player) programMismatch(a *script.Action, prog *program, text string) mismatch {
	m := p.mismatch(a, text)
	if out := strings.TrimSpace(prog.output.String()); out != "" {
		m.instead = strings.Split(out, "\n")
	}
	return m
}

// words splits a command line at blanks; quotes, single or double, keep blanks
// in a word, and a backslash keeps the next character as it is.
func words(line string) ([]string, error) {
	var list []string
	var word strings.Builder
	var quote rune
	started, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			started, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			started, quote = true, r
		case unicode.IsSpace(r):
			if started {
				list = append(list, word.String())
				word.Reset()
			}
			started = false
		default:
			started = true
			word.WriteRune(r)
		}
	}
	if quote != 0 || escaped {
		return nil, fmt.Errorf("the quote in %q is not closed", line)
	}
	if started {
		list = append(list, word.String())
	}
	return list, nil
}
