package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// host answers the engine. What it doesn't implement, the engine can do without (prompts of `pulumi new`) or gets a reason
// for (code generation).
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	// Address of the engine, for what the program logs.
	engine  string
	tracing string
}

// Handshake comes first where the engine was told to use a host that runs already.
func (h *host) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = request.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// GetRequiredPackages names the packages among the program's dependencies that a provider plugin is behind.
func (h *host) GetRequiredPackages(
	_ context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	response := &pulumirpc.GetRequiredPackagesResponse{}
	for _, one := range mentioning([]byte(`"pulumi"`), request.GetInfo().GetProgramDirectory()) {
		if one.Pulumi.Resource {
			response.Packages = append(response.Packages, one.dependency())
		}
	}
	return response, nil
}

// GetRequiredPlugins is the same question of older engines, which know no parameters.
func (h *host) GetRequiredPlugins(
	ctx context.Context, request *pulumirpc.GetRequiredPluginsRequest,
) (*pulumirpc.GetRequiredPluginsResponse, error) {
	required, err := h.GetRequiredPackages(ctx, &pulumirpc.GetRequiredPackagesRequest{Info: request.GetInfo()})
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetRequiredPluginsResponse{}
	for _, one := range required.GetPackages() {
		response.Plugins = append(response.Plugins, &pulumirpc.PluginDependency{
			Name: one.GetName(), Kind: one.GetKind(), Version: one.GetVersion(), Server: one.GetServer(),
		})
	}
	return response, nil
}

// GetProgramDependencies is for `pulumi about`: what package.json asks for, or all that is installed.
func (h *host) GetProgramDependencies(
	_ context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	list := declared
	if request.GetTransitiveDependencies() {
		list = installed
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, one := range list(request.GetInfo().GetProgramDirectory()) {
		response.Dependencies = append(response.Dependencies,
			&pulumirpc.DependencyInfo{Name: one.Name, Version: one.Version})
	}
	return response, nil
}

func (h *host) About(ctx context.Context, _ *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	node, err := findNode()
	if err != nil {
		return nil, err
	}
	printed, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --version: %w", node, err)
	}
	return &pulumirpc.AboutResponse{Executable: node, Version: string(bytes.TrimSpace(printed))}, nil
}

// InstallDependencies runs the package manager that the project names; npm by default.
func (h *host) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, stream pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	manager, err := exec.LookPath(readOptions(request.GetInfo()).packageManager)
	if err != nil {
		return status.Errorf(codes.FailedPrecondition, "%v: install it and put it on PATH", err)
	}
	output := &output{send: func(stdout, stderr []byte) error {
		return stream.Send(&pulumirpc.InstallDependenciesResponse{Stdout: stdout, Stderr: stderr})
	}}
	child := &child{
		command: []string{manager, "install"},
		dir:     request.GetInfo().GetProgramDirectory(),
		env:     os.Environ(),
		stdout:  output.stdout(),
		stderr:  output.stderr(),
	}
	code, err := child.run(stream.Context())
	if err == nil && code != 0 {
		err = status.Errorf(codes.FailedPrecondition, "%s install ended with exit code %d", manager, code)
	}
	return err
}

func (h *host) GenerateProgram(
	context.Context, *pulumirpc.GenerateProgramRequest,
) (*pulumirpc.GenerateProgramResponse, error) {
	return nil, leftOut("converting programs")
}

func (h *host) GenerateProject(
	context.Context, *pulumirpc.GenerateProjectRequest,
) (*pulumirpc.GenerateProjectResponse, error) {
	return nil, leftOut("converting projects")
}

func (h *host) GeneratePackage(
	context.Context, *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	return nil, leftOut("generating SDKs")
}

func (h *host) Pack(context.Context, *pulumirpc.PackRequest) (*pulumirpc.PackResponse, error) {
	return nil, leftOut("packing SDKs")
}

func (h *host) Link(context.Context, *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	return nil, leftOut("linking SDKs")
}

func leftOut(what string) error {
	return status.Errorf(codes.Unimplemented, strings.Join([]string{
		"%s for Node is not part of this language host, which was built from source because Pulumi could not be downloaded;",
		"install Pulumi itself for it: https://www.pulumi.com/docs/iac/download-install/",
	}, " "), what)
}
