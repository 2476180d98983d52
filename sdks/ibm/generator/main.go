// Command generator writes the SDK in sdks/ibm from schema.json, with Pulumi's own generator for Node:
// what `pulumi package add` does with the schema that a provider hands out. See ../README.md.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// The name that `pulumi package add` leaves in the files.
const tool = "pulumi-language-nodejs"

// Generated code leaves imports unused, which this repository's compiler options refuse.
const noCheck = "// @ts-nocheck -- generated; not by this repository's compiler options\n"

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: generator SCHEMA FOLDER"))
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func generate(source, folder string) error {
	spec, err := read(source)
	if err != nil {
		return err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	files, err := nodejs.GeneratePackage(tool, pkg, nil, nil, false, nil)
	if err != nil {
		return err
	}
	manifest, err := packageJSON(spec)
	if err != nil {
		return err
	}
	for name, content := range files {
		switch {
		case strings.HasSuffix(name, ".ts"):
			content = append([]byte(noCheck), content...)
		case name == "package.json":
			content = manifest
		default: // How to compile it: this repository bundles the sources.
			continue
		}
		if err := write(filepath.Join(folder, name), content); err != nil {
			return err
		}
	}
	return nil
}

func read(source string) (schema.PackageSpec, error) {
	var spec schema.PackageSpec
	text, err := os.ReadFile(source)
	if err != nil {
		return spec, err
	}
	return spec, json.Unmarshal(text, &spec)
}

type manifest struct {
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	Description  string            `json:"description"`
	Repository   string            `json:"repository"`
	Dependencies map[string]string `json:"dependencies"`
	Pulumi       plugin            `json:"pulumi"`
}

type plugin struct {
	Resource         bool             `json:"resource"`
	Name             string           `json:"name"`
	Version          string           `json:"version"`
	Parameterization parameterization `json:"parameterization"`
}

type parameterization struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Value   string `json:"value"`
}

// packageJSON is the generator's own without what compiling takes: TypeScript, `main`, the install script.
func packageJSON(spec schema.PackageSpec) ([]byte, error) {
	base := spec.Parameterization.BaseProvider
	text, err := json.MarshalIndent(manifest{
		Name:        "@pulumi/" + spec.Name,
		Version:     spec.Version,
		Description: spec.Description,
		Repository:  spec.Repository,
		Dependencies: map[string]string{
			"@pulumi/pulumi": nodejs.MinimumValidSDKVersion,
			"async-mutex":    "^0.5.0",
		},
		Pulumi: plugin{
			Resource: true,
			Name:     base.Name,
			Version:  base.Version,
			Parameterization: parameterization{
				Name:    spec.Name,
				Version: spec.Version,
				Value:   base64.StdEncoding.EncodeToString(spec.Parameterization.Parameter),
			},
		},
	}, "", "  ")
	return append(text, '\n'), err
}

func write(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
