package play

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"rstlab/internal/script"
	"rstlab/lab"
)

// A program is one that "exec" started.
type program struct {
	host   string
	line   string
	handle *lab.Program
	output *output
	told   bool     // a mismatch shows what it printed
	end    string   // how it was when the lines had run
	lines  []string // what it had printed by then
}

// exec starts a program of the user's; the script goes on at once.
func (p *player) exec(a *script.Action) error {
	if !p.file.Catalogue && !p.env.opts.AllowExec {
		return p.mismatch(a, "a file from outside the catalogue runs programs only with --allow-exec")
	}
	prog := &program{host: a.Actor.Name, line: *a.Args[0].String}
	args, err := script.Command(prog.line)
	if err != nil {
		return p.mismatch(a, err.Error())
	}
	out, w, err := newOutput()
	if err != nil {
		return err
	}
	prog.output = out
	// They write into the pipe themselves: what they leave running in the
	// background may do so after they have ended.
	prog.handle, err = p.lab.Host(a.Actor.Name).Exec(args, lab.ExecOptions{Stdout: w, Stderr: w})
	w.Close()
	if err != nil {
		return p.mismatch(a, err.Error()+whereFrom(err))
	}
	p.programs[socketKey{host: a.Actor.Name, name: a.As}] = prog
	p.started = append(p.started, prog)
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
			p.stop(p.programMismatch(a, prog, fmt.Sprintf("%s, want exit %d", gave(status), a.Result.Exit)))
		}
	})
	return nil
}

// whereFrom says from where a program was looked for, if none is there.
func whereFrom(err error) string {
	if !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return "; paths count from " + dir
}

// gave says how a program ended.
func gave(status int) string {
	if status < 0 {
		return fmt.Sprintf("a signal ended it (%v)", syscall.Signal(-status))
	}
	return fmt.Sprintf("gave exit %d", status)
}

// programMismatch shows what the program printed beside what went wrong.
func (p *player) programMismatch(a *script.Action, prog *program, text string) mismatch {
	m := p.mismatch(a, text)
	m.instead, prog.told = prog.output.lines(), true
	return m
}

// notePrograms notes how the programs are when the lines have run, before the lab
// ends them.
func (p *player) notePrograms() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for _, prog := range p.started {
		prog.end = "runs"
		if status, err := prog.handle.Wait(over); err == nil {
			prog.end = gave(status)
		}
		prog.lines = prog.output.lines()
	}
}

// programStory tells of the programs of which no mismatch does: why something else
// went wrong may be theirs.
func (p *player) programStory() []string {
	var lines []string
	for _, prog := range p.started {
		if prog.told {
			continue
		}
		lines = append(lines, fmt.Sprintf("  program  %s at %s: %s", prog.line, prog.host, prog.end))
		for _, line := range prog.lines {
			lines = append(lines, "           "+line)
		}
	}
	return lines
}
