package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Exit code of the SDK's entry points for a failure that they told the user already.
const alreadyTold = 32

// Run runs the program to its end. The program talks to the engine's resource monitor itself.
func (h *host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	if request.GetAttachDebugger() {
		return nil, status.Error(codes.Unimplemented,
			"this language host attaches no debugger: set runtime.options.nodeargs to --inspect-brk in Pulumi.yaml")
	}
	program, err := h.program(request)
	if err != nil {
		return nil, err
	}
	code, err := program.run(ctx)
	switch {
	case err != nil:
		return nil, err
	case code == alreadyTold:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case code != 0:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program ended with exit code %d", code)}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

func (h *host) program(request *pulumirpc.RunRequest) (*child, error) {
	info := request.GetInfo()
	flags := []string{
		"--monitor=" + request.GetMonitorAddress(),
		"--engine=" + h.engine,
		"--project=" + request.GetProject(),
		"--stack=" + request.GetStack(),
		"--organization=" + request.GetOrganization(),
		"--root-directory=" + info.GetRootDirectory(),
		"--pwd=" + request.GetPwd(),
		fmt.Sprintf("--parallel=%d", request.GetParallel()),
	}
	if request.GetDryRun() {
		flags = append(flags, "--dry-run")
	}
	if h.tracing != "" {
		flags = append(flags, "--tracing="+h.tracing)
	}
	arguments := append(flags, entryPoint(info.GetEntryPoint()))
	child, err := node(info, "run", append(arguments, request.GetArgs()...))
	if err != nil {
		return nil, err
	}
	config, err := configVariables(request)
	if err != nil {
		return nil, err
	}
	child.dir = request.GetPwd()
	child.env = append(child.env, config...)
	child.stdout, child.stderr = os.Stdout, os.Stderr
	return child, nil
}

// entryPoint leaves to the SDK what a folder's entry point is, which it only looks up for ".".
func entryPoint(given string) string {
	if given == "" {
		return "."
	}
	return given
}

func configVariables(request *pulumirpc.RunRequest) ([]string, error) {
	config, secretKeys := map[string]string{}, []string{}
	maps.Copy(config, request.GetConfig())
	secretKeys = append(secretKeys, request.GetConfigSecretKeys()...)
	variables := []string{}
	for name, value := range map[string]any{"PULUMI_CONFIG": config, "PULUMI_CONFIG_SECRET_KEYS": secretKeys} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		variables = append(variables, name+"="+string(text))
	}
	return variables, nil
}

// RunPlugin runs a policy pack, or a provider written for Node, until the engine ends the call.
func (h *host) RunPlugin(
	request *pulumirpc.RunPluginRequest, stream pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	info := request.GetInfo()
	directory := info.GetProgramDirectory()
	script, arguments := "run-plugin", append([]string{directory}, request.GetArgs()...)
	if request.GetKind() == "analyzer" {
		script, arguments = "run-policy-pack", append(append([]string{}, request.GetArgs()...), directory)
	}
	child, err := node(info, script, arguments)
	if err != nil {
		return err
	}
	output := &output{send: func(stdout, stderr []byte) error {
		response := &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: stdout}}
		if stdout == nil {
			response.Output = &pulumirpc.RunPluginResponse_Stderr{Stderr: stderr}
		}
		return stream.Send(response)
	}}
	child.dir = request.GetPwd()
	child.env = append(child.env, request.GetEnv()...)
	child.stdout, child.stderr = output.stdout(), output.stderr()
	code, err := child.run(stream.Context())
	if err != nil {
		return err
	}
	return stream.Send(&pulumirpc.RunPluginResponse{
		Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(code)},
	})
}

// node is Node with an entry point of the SDK that is installed for the program.
func node(info *pulumirpc.ProgramInfo, script string, arguments []string) (*child, error) {
	executable, err := findNode()
	if err != nil {
		return nil, err
	}
	sdk, err := findSdk(info.GetProgramDirectory())
	if err != nil {
		return nil, err
	}
	options := readOptions(info)
	nodeArgs, err := options.splitNodeArgs()
	if err != nil {
		return nil, err
	}
	env := os.Environ()
	if options.typescript {
		env = append(env, "PULUMI_NODEJS_TYPESCRIPT=true")
	}
	if options.tsconfig != "" {
		env = append(env, "PULUMI_NODEJS_TSCONFIG_PATH="+options.tsconfig)
	}
	command := append([]string{executable}, nodeArgs...)
	command = append(command, strings.Join([]string{sdk, "cmd", script, "index.js"}, string(os.PathSeparator)))
	return &child{command: append(command, arguments...), env: env}, nil
}

func findNode() (string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", status.Errorf(codes.FailedPrecondition, "%v: install Node and put it on PATH", err)
	}
	return node, nil
}
