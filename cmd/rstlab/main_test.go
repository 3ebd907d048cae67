package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestMain(m *testing.M) {
	reexec()
	testscript.Main(m, map[string]func(){"rstlab": main})
}

// bashCompletion is what bash's completions build on.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// TestScripts runs the whole binary, a script for each command.
func TestScripts(t *testing.T) {
	schemas, err := filepath.Abs("../../docs/schema")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SCHEMAS", schemas)
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("BASH_COMPLETION", bashCompletion)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "bash-completion" {
				_, err := os.Stat(bashCompletion)
				return err == nil, nil
			}
			return condition(name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"unhex":  unhex,
			"schema": schema,
		},
	})
}

// exits STATUS COMMAND runs a command, as exec does, which must end with a
// status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND")
	}
	status := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		status = strconv.Itoa(exit.ExitCode())
	}
	if status != args[0] {
		ts.Fatalf("exit status %s, want %s", status, args[0])
	}
}

// unhex IN OUT writes the bytes that IN has as hexadecimal digits; "#" begins
// a comment.
func unhex(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unhex IN OUT")
	}
	b, err := fromHex(ts.ReadFile(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o644))
}

func fromHex(text string) ([]byte, error) {
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	return hex.DecodeString(digits.String())
}

// schema NAME FILE checks that each line of FILE ("stdout" too) keeps a schema
// of docs/schema, and that there is one.
func schema(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: schema NAME FILE")
	}
	s, err := jsonschema.NewCompiler().Compile(filepath.Join(ts.Getenv("SCHEMAS"), args[0]))
	ts.Check(err)
	text := ts.ReadFile(args[1])
	if text == "" {
		ts.Fatalf("%s is empty", args[1])
	}
	for line := range bytes.Lines([]byte(text)) {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		ts.Check(err)
		if err := s.Validate(value); err != nil {
			ts.Fatalf("%#v in %s", err, line)
		}
	}
}
