package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

var buildCases = []*benchCase{
	{
		name:    "binary",
		about:   "the size of a stripped program that makes one call",
		rounds:  1,
		limit:   3 * time.Minute,
		targets: []target{{metric: sizeBytes, against: oAuth2, factor: 1, plus: 1.4e6}},
		start:   startBinary,
	},
	{
		name:   "compile",
		about:  "go build of that program when only the standard library is compiled already",
		rounds: 2,
		limit:  5 * time.Minute,
		start:  startCompile,
	},
}

// programs are the directories of the programs, below this one.
var programs = map[subject]string{ours: "gitlab", clientGo: "clientgo", raw: "raw", oAuth2: "oauth2"}

func startBinary(context.Context) (map[subject]round, func(), error) {
	return eachProgram(func(ctx context.Context, program, out string, _ int) (values, error) {
		if err := build(ctx, program, out); err != nil {
			return nil, err
		}
		info, err := os.Stat(out)
		if err != nil {
			return nil, err
		}
		return values{sizeBytes: float64(info.Size())}, nil
	})
}

func startCompile(context.Context) (map[subject]round, func(), error) {
	unique := strconv.FormatInt(time.Now().UnixNano(), 36)
	return eachProgram(func(ctx context.Context, program, out string, n int) (values, error) {
		if n == 0 {
			if err := build(ctx, program, out); err != nil { // the standard library
				return nil, err
			}
		}
		packages, err := goCommand(ctx, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", program)
		if err != nil {
			return nil, err
		}
		// The compiler has no use for -D, but the build cache has never seen this value of it.
		var cold []string
		for path := range strings.FieldsSeq(packages) {
			cold = append(cold, fmt.Sprintf("-gcflags=%s=-D=%s-%d", path, unique, n))
		}
		started := time.Now()
		if err := build(ctx, program, out, cold...); err != nil {
			return nil, err
		}
		return values{timeNS: float64(time.Since(started))}, nil
	})
}

// eachProgram makes rounds of do, which gets the package of a subject's program,
// the file to build, and the number of its round.
func eachProgram(do func(ctx context.Context, program, out string, n int) (values, error)) (map[subject]round, func(), error) {
	dir, err := os.MkdirTemp("", "gitlab-bench")
	if err != nil {
		return nil, nil, err
	}
	rounds := make(map[subject]round)
	for s, name := range programs {
		n := 0
		rounds[s] = func(ctx context.Context) (values, error) {
			defer func() { n++ }()
			return do(ctx, "./programs/"+name, filepath.Join(dir, name), n)
		}
	}
	return rounds, func() { _ = os.RemoveAll(dir) }, nil
}

// build builds a program as one ships it.
func build(ctx context.Context, program, out string, flags ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", out}, flags...)
	_, err := goCommand(ctx, append(args, program)...)
	return err
}

// dirVariable says, in the environment, where this module is; "": in the working
// directory.
const dirVariable = "GITLAB_BENCH_DIR"

// goCommand runs the go command in this module's directory.
func goCommand(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are this file's
	cmd.Dir = os.Getenv(dirVariable)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, failed.Stderr)
	}
	return string(out), err
}
