// Command pulumi-language-nodejs is a language host for Pulumi's engine: it runs programs, policy packs and plugins written
// for Node. Pulumi's own is in no Go module any more; this one speaks the protocol of the engine that it is built with
// (pulumi/language.proto) and leaves out what only code generators ask for.
//
//	pulumi-language-nodejs [--tracing=URL] <engine address>     prints the port that it listens on
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// As much as the engine allows for its own messages, in bytes.
const maxMessage = 400 << 20

const parentPoll = 250 * time.Millisecond

func main() {
	tracing := flag.String("tracing", "", "Zipkin-compatible endpoint that the program sends its traces to")
	flag.Bool("logtostderr", false, "ignored: the host has nothing to log")
	flag.Int("v", 0, "ignored, as logtostderr")
	flag.Parse()
	if err := serve(flag.Arg(0), *tracing); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
		os.Exit(1)
	}
}

// serve returns when the engine says so by a signal, or is gone; what was running has ended then.
func serve(engine, tracing string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		waitForOrphanage(ctx)
		stop()
	}()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.WaitForHandlers(true))
	pulumirpc.RegisterLanguageRuntimeServer(server, &host{engine: engine, tracing: tracing})
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() {
		// Ends the calls under way, and they the processes they started.
		server.Stop()
		close(stopped)
	})
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); err != nil {
		return err
	}
	<-stopped
	return nil
}

// waitForOrphanage returns when the parent has ended: an engine that was killed cannot end its plugins.
func waitForOrphanage(ctx context.Context) {
	parent := os.Getppid()
	for ctx.Err() == nil && os.Getppid() == parent {
		time.Sleep(parentPoll)
	}
}
