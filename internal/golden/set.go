package golden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The files of a set beside the folders of its scenarios.
const (
	indexFile   = "index.jsonl"
	withoutFile = "without.jsonl" // scenarios that have no golden files, and why
	machineFile = "machine.json"
	rawFolder   = "raw" // within a scenario's
)

// A Set is a folder of golden files.
type Set struct {
	Dir     string
	Index   []Entry
	Without []Absent
	Machine Machine
}

// A Machine is what depends on where a set was written. It is not compared.
type Machine struct {
	Kernel string                  `json:"kernel"` // as uname -r prints it
	Resets map[string][]KernelWord `json:"resets"` // the kernel's reasons, by scenario; where the run was as root
}

// Open reads what a set is; a folder without one is an error that is
// fs.ErrNotExist.
func Open(dir string) (*Set, error) {
	s := &Set{Dir: dir, Machine: Machine{Resets: map[string][]KernelWord{}}}
	index, err := os.ReadFile(filepath.Join(dir, indexFile))
	if err != nil {
		return nil, fmt.Errorf("open golden set: %w", err)
	}
	if s.Index, err = readLines[Entry](index); err != nil {
		return nil, fmt.Errorf("open golden set: read %s: %w", filepath.Join(dir, indexFile), err)
	}
	absent, err := os.ReadFile(filepath.Join(dir, withoutFile))
	if err == nil {
		s.Without, err = readLines[Absent](absent)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open golden set: read %s: %w", filepath.Join(dir, withoutFile), err)
	}
	machine, err := os.ReadFile(filepath.Join(dir, machineFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(machine, &s.Machine)
	}
	if err != nil {
		return nil, fmt.Errorf("open golden set: read %s: %w", filepath.Join(dir, machineFile), err)
	}
	if s.Machine.Resets == nil {
		s.Machine.Resets = map[string][]KernelWord{}
	}
	return s, nil
}

// Scenarios are the names of those that the set has, sorted.
func (s *Set) Scenarios() []string {
	var names []string
	for _, e := range s.Index {
		names = append(names, e.Scenario)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// names are those of all scenarios of which the set says something.
func (s *Set) names() []string {
	names := s.Scenarios()
	for _, a := range s.Without {
		names = append(names, a.Scenario)
	}
	return names
}

// Case reads the golden files of one scenario; nil where there are none.
func (s *Set) Case(name string) (*Case, error) {
	c := &Case{Name: name, Kernel: s.Machine.Resets[name]}
	entries, err := os.ReadDir(filepath.Join(s.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read golden files of %s: %w", name, err)
	}
	var labels []string
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(s.Dir, name, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read golden files of %s: %w", name, err)
		}
		c.Files = append(c.Files, File{e.Name(), data})
		if strings.HasSuffix(e.Name(), ".json") {
			labels = append(labels, e.Name())
		}
	}
	for _, l := range labels {
		data, _ := c.file(l)
		var label Label
		if err := json.Unmarshal(data, &label); err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Join(s.Dir, name, l), err)
		}
		c.Labels = append(c.Labels, label)
	}
	data, _ := c.file(verdictsFile)
	d := json.NewDecoder(bytes.NewReader(data))
	for d.More() {
		var v Verdict
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Join(s.Dir, name, verdictsFile), err)
		}
		c.Verdicts = append(c.Verdicts, v)
	}
	return c, nil
}

// Create makes a set in a folder that has none, or opens the one that it has. A
// folder with other things in it is refused.
func Create(dir string) (*Set, error) {
	s, err := Open(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make golden set: %w", err)
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("make golden set in %s: it has %s and no %s; name an empty folder, or that of a set", dir, entries[0].Name(), indexFile)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make golden set: %w", err)
	}
	return &Set{Dir: dir, Machine: Machine{Resets: map[string][]KernelWord{}}}, nil
}

// Put writes a case in the place of the one of its name; with raw the captures
// as they were taken, too.
func (s *Set) Put(c *Case, raw bool) error {
	if err := s.Remove(c.Name); err != nil {
		return err
	}
	dir := filepath.Join(s.Dir, c.Name)
	if err := writeAll(dir, c.Files); err != nil {
		return err
	}
	if raw {
		if err := writeAll(filepath.Join(dir, rawFolder), c.Raw); err != nil {
			return err
		}
	}
	s.Index = append(s.Index, c.entries()...)
	if len(c.Kernel) > 0 {
		s.Machine.Resets[c.Name] = c.Kernel
	}
	return nil
}

// Remove takes a scenario's files out of the set.
func (s *Set) Remove(name string) error {
	if !filepath.IsLocal(name) || filepath.Base(name) != name || name == "." {
		return fmt.Errorf("remove golden files of %q: it is no name of a scenario; mend %s", name, filepath.Join(s.Dir, indexFile))
	}
	if err := os.RemoveAll(filepath.Join(s.Dir, name)); err != nil {
		return fmt.Errorf("remove golden files of %s: %w", name, err)
	}
	s.Index = slices.DeleteFunc(s.Index, func(e Entry) bool { return e.Scenario == name })
	s.Without = slices.DeleteFunc(s.Without, func(a Absent) bool { return a.Scenario == name })
	delete(s.Machine.Resets, name)
	return nil
}

// leave notes why a scenario has no golden files, and removes what it had.
func (s *Set) leave(name, why string) error {
	if err := s.Remove(name); err != nil {
		return err
	}
	s.Without = append(s.Without, Absent{name, why})
	return nil
}

// Close writes the index, who is without and what depends on the machine.
func (s *Set) Close() error {
	sortEntries(s.Index)
	index, err := marshalLines(s.Index)
	if err != nil {
		return err
	}
	slices.SortFunc(s.Without, func(a, b Absent) int { return strings.Compare(a.Scenario, b.Scenario) })
	absent, err := marshalLines(s.Without)
	if err != nil {
		return err
	}
	machine, err := marshal(s.Machine)
	if err != nil {
		return err
	}
	return writeAll(s.Dir, []File{{indexFile, index}, {withoutFile, absent}, {machineFile, machine}})
}

func writeAll(dir string, files []File) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write golden files: %w", err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			return fmt.Errorf("write golden files: %w", err)
		}
	}
	return nil
}

// Release is the part of a kernel's version that decides what its TCP does:
// "6.18" of "6.18.44-1-amd64".
func Release(kernel string) string {
	parts := strings.SplitN(kernel, ".", 3)
	if len(parts) < 2 {
		return kernel
	}
	minor, _, _ := strings.Cut(parts[1], "-")
	return parts[0] + "." + minor
}
