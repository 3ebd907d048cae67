package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// sbom is the bill of materials of a binary, as CycloneDX JSON. It has no
// serial number: that would be another one each time.
func sbom(b *binary, modules []module, at time.Time) ([]byte, error) {
	body, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	bom := cyclonedx.NewBOM()
	program := purl("rstlab", "v"+b.version)
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: at.Format(time.RFC3339),
		Component: &cyclonedx.Component{
			BOMRef:     program,
			Type:       cyclonedx.ComponentTypeApplication,
			Name:       "rstlab",
			Version:    "v" + b.version,
			Hashes:     hashes(hex.EncodeToString(sum[:])),
			Licenses:   &cyclonedx.Licenses{{Expression: "Apache-2.0"}},
			PackageURL: program,
			Properties: &[]cyclonedx.Property{{Name: "system", Value: b.target.String()}},
		},
	}
	var components []cyclonedx.Component
	var refs []string
	for _, m := range modules {
		c := cyclonedx.Component{
			BOMRef:     purl(m.path, m.version),
			Type:       cyclonedx.ComponentTypeLibrary,
			Name:       m.path,
			Version:    m.version,
			Scope:      cyclonedx.ScopeRequired,
			Licenses:   &cyclonedx.Licenses{{Expression: m.licence}},
			PackageURL: purl(m.path, m.version),
		}
		if m.sum != "" {
			digest, err := digest(m.sum)
			if err != nil {
				return nil, fmt.Errorf("read the sum of %s: %w", m.path, err)
			}
			c.Hashes = hashes(digest)
		}
		components = append(components, c)
		refs = append(refs, c.BOMRef)
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: program, Dependencies: &refs}}
	bom.Compositions = &[]cyclonedx.Composition{{
		Aggregate:  cyclonedx.CompositionAggregateComplete,
		Assemblies: &[]cyclonedx.BOMReference{cyclonedx.BOMReference(program)},
	}}
	var out bytes.Buffer
	enc := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON)
	if err := enc.SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// purl is a module's package URL.
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + version
}

// digest is the SHA-256 of a sum as go.sum has it.
func digest(sum string) (string, error) {
	encoded, found := strings.CutPrefix(sum, "h1:")
	if !found {
		return "", fmt.Errorf(`found %q, expected "h1:" and a digest`, sum)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	return hex.EncodeToString(raw), err
}

func hashes(digest string) *[]cyclonedx.Hash {
	return &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: digest}}
}
