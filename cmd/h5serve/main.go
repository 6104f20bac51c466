// Command h5serve makes HDF5 files on demand, over HTTP (serve) and without a server (build), and shows what
// files hold (ls, dump) and whether they are damaged (check).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set when a release is built (-ldflags "-X main.version=1.2.3").
var version = "dev"

// Exit codes, for scripts.
const (
	exitRefused = 1 // what was asked for cannot be done
	exitUsage   = 2 // the call itself is wrong
)

type command struct {
	Serve   serve   `cmd:"" help:"Answer requests over HTTP."`
	Build   build   `cmd:"" help:"Make a file of a description, without a server."`
	Ls      ls      `cmd:"" help:"List what a file holds."`
	Dump    dump    `cmd:"" help:"Print what a file holds, as JSON, CSV, NPY or canonical lines."`
	Check   check   `cmd:"" help:"Walk a whole file and report what is damaged."`
	Version release `cmd:"" help:"Print the version."`
}

// streams are the standard ones, so that tests can take their place.
type streams struct {
	in       *os.File
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run carries out one call and gives its exit code.
func run(ctx context.Context, args []string, std streams) (code int) {
	type exited int
	defer func() {
		if value := recover(); value != nil {
			left, ok := value.(exited)
			if !ok {
				panic(value)
			}
			code = int(left)
		}
	}()
	parser, err := kong.New(&command{},
		kong.Name("h5serve"),
		kong.Description("HDF5 files on demand. Every flag can also be set as H5SERVE_NAME in the environment."),
		kong.DefaultEnvars("H5SERVE"),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { panic(exited(code)) }), // after --help
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
	)
	if err != nil {
		panic(err) // the declarations above are wrong
	}
	call, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(std.err, "h5serve: %v\nTry: h5serve --help\n", err)
		return exitUsage
	}
	if err := call.Run(); err != nil {
		fmt.Fprintf(std.err, "h5serve: %v\n", err)
		var wrong usageError
		if errors.As(err, &wrong) {
			return exitUsage
		}
		return exitRefused
	}
	return 0
}

// usageError is a call that cannot be meant.
type usageError string

func (e usageError) Error() string { return string(e) }

type release struct{}

func (release) Run(std streams) error {
	fmt.Fprintf(std.out, "h5serve %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
