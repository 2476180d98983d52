package main

import (
	"fmt"

	"github.com/google/shlex"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// options are those of `runtime: {name: nodejs, options: …}`
// (https://www.pulumi.com/docs/iac/concepts/projects/project-file/#runtime-options).
type options struct {
	// Compile TypeScript while it runs. Default: true.
	typescript bool
	// Path of tsconfig.json. Default: the SDK's.
	tsconfig string
	// Arguments of Node, as a shell would read them.
	nodeArgs string
	// Default: npm.
	packageManager string
}

func readOptions(info *pulumirpc.ProgramInfo) options {
	values := info.GetOptions().GetFields()
	read := options{
		typescript:     true,
		tsconfig:       values["tsconfig"].GetStringValue(),
		nodeArgs:       values["nodeargs"].GetStringValue(),
		packageManager: "npm",
	}
	if typescript, given := values["typescript"]; given {
		read.typescript = typescript.GetBoolValue()
	}
	if manager := values["packagemanager"].GetStringValue(); manager != "" && manager != "auto" {
		read.packageManager = manager
	}
	return read
}

func (o options) splitNodeArgs() ([]string, error) {
	arguments, err := shlex.Split(o.nodeArgs)
	if err != nil {
		return nil, fmt.Errorf("runtime.options.nodeargs of Pulumi.yaml: %w", err)
	}
	return arguments, nil
}
