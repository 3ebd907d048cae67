package main

import (
	"errors"

	"rstlab/internal/catalogue"
	"rstlab/internal/report"
	"rstlab/internal/script"
	"rstlab/scenarios"
)

// listCoverage writes how the catalogue covers the causes and, where this
// system can tell, the reasons of its kernel.
func listCoverage(out report.List, files []*script.File) error {
	recorded, err := scenarios.Reasons()
	if err != nil {
		return err
	}
	var errs []error
	for _, row := range catalogue.Cover(files, recorded) {
		errs = append(errs, out.Coverage(row))
	}
	for _, row := range catalogue.CoverReasons(kernelReasons(), files, recorded) {
		errs = append(errs, out.Reason(row))
	}
	return errors.Join(errs...)
}
