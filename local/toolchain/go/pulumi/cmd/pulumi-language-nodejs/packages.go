package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const sdkName = "@pulumi/pulumi"

// manifest is what matters of a package.json.
type manifest struct {
	Name            string            `json:"name"`
	Version         string            `json:"version"`
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
	Pulumi          plugin            `json:"pulumi"`
}

// plugin is the section that an SDK's generator writes
// (https://www.pulumi.com/docs/iac/extending-pulumi/publishing-packages/).
type plugin struct {
	Resource bool `json:"resource"`
	// Default: the package's name, without its scope @pulumi.
	Name string `json:"name"`
	// Default: the package's.
	Version string `json:"version"`
	// Where the plugin is downloaded from. Default: Pulumi's server.
	Server           string            `json:"server"`
	Parameterization *parameterization `json:"parameterization"`
}

type parameterization struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Value   []byte `json:"value"`
}

func (m *manifest) dependency() *pulumirpc.PackageDependency {
	dependency := &pulumirpc.PackageDependency{
		Kind:    "resource",
		Name:    orElse(m.Pulumi.Name, strings.TrimPrefix(m.Name, "@pulumi/")),
		Version: "v" + strings.TrimPrefix(orElse(m.Pulumi.Version, m.Version), "v"),
		Server:  m.Pulumi.Server,
	}
	if given := m.Pulumi.Parameterization; given != nil {
		dependency.Parameterization = &pulumirpc.PackageParameterization{
			Name: given.Name, Version: given.Version, Value: given.Value,
		}
	}
	return dependency
}

// findSdk returns the folder of the SDK that a module in the directory would import.
func findSdk(directory string) (string, error) {
	folders := moduleFolders(directory)
	if len(folders) == 0 {
		return "", status.Errorf(codes.FailedPrecondition,
			"%s is not installed for the program in %s: run `npm install` there", sdkName, directory)
	}
	return filepath.Join(folders[len(folders)-1], filepath.FromSlash(sdkName)), nil
}

// moduleFolders returns the node_modules that a module in the directory imports from, nearest first, up to the one that holds
// the SDK. None if there is no SDK.
func moduleFolders(directory string) []string {
	var folders []string
	for parent := filepath.Clean(directory); ; parent = filepath.Dir(parent) {
		folder := filepath.Join(parent, "node_modules")
		if isDirectory(folder) {
			folders = append(folders, folder)
		}
		if isDirectory(filepath.Join(folder, filepath.FromSlash(sdkName))) {
			return folders
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

// installed lists the packages that the program can import, and those that only packages of it can, sorted by name and
// without repetitions. What can't be read is left out: nobody imports it either.
func installed(directory string) []*manifest {
	return mentioning(nil, directory)
}

// mentioning is as installed, without packages whose manifest does not hold the text: parsing takes longest.
func mentioning(text []byte, directory string) []*manifest {
	walk := &walk{mentioned: text, seen: map[string]bool{}}
	for _, folder := range moduleFolders(directory) {
		walk.modules(folder)
	}
	return sorted(walk.found)
}

// declared lists what the nearest package.json depends on, as it is installed.
func declared(directory string) []*manifest {
	folders := moduleFolders(directory)
	for parent := filepath.Clean(directory); ; parent = filepath.Dir(parent) {
		if own := readManifest(parent, nil); own != nil {
			return sorted(append(lookUp(own.Dependencies, folders), lookUp(own.DevDependencies, folders)...))
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

// lookUp falls back to the range asked for where a package is not installed.
func lookUp(dependencies map[string]string, folders []string) []*manifest {
	var found []*manifest
	for name, version := range dependencies {
		one := &manifest{Name: name, Version: version}
		for _, folder := range folders {
			if present := readManifest(filepath.Join(folder, filepath.FromSlash(name)), nil); present != nil {
				one = present
				break
			}
		}
		found = append(found, one)
	}
	return found
}

type walk struct {
	mentioned []byte
	// Targets of links: packages may link to each other in a circle.
	seen  map[string]bool
	found []*manifest
}

// modules visits every package of a node_modules folder, or of a scope in it, and those nested in them.
func (w *walk) modules(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		name, path := entry.Name(), filepath.Join(folder, entry.Name())
		if strings.HasPrefix(name, ".") {
			continue
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			target, err := filepath.EvalSymlinks(path)
			if err != nil || w.seen[target] {
				continue
			}
			w.seen[target] = true
			path = target
		} else if !entry.IsDir() {
			continue
		}
		if strings.HasPrefix(name, "@") {
			w.modules(path)
			continue
		}
		if found := readManifest(path, w.mentioned); found != nil {
			w.found = append(w.found, found)
		}
		w.modules(filepath.Join(path, "node_modules"))
	}
}

// readManifest returns nil where there is none, or none that can be read and holds the text.
func readManifest(folder string, mentioned []byte) *manifest {
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	read := &manifest{}
	if err != nil || !bytes.Contains(text, mentioned) || json.Unmarshal(text, read) != nil || read.Name == "" {
		return nil
	}
	return read
}

func sorted(packages []*manifest) []*manifest {
	sort.SliceStable(packages, func(i, j int) bool {
		a, b := packages[i], packages[j]
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		return a.Version < b.Version
	})
	kept := packages[:0]
	for _, one := range packages {
		last := len(kept) - 1
		if last < 0 || kept[last].Name != one.Name || kept[last].Version != one.Version {
			kept = append(kept, one)
		}
	}
	return kept
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
