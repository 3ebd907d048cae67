// Mkcap writes a capture to measure with.
//
//	go run ./internal/benchcap/mkcap -o bench.pcap [-connections N] [-seed N]
package main

import (
	"flag"
	"fmt"
	"os"

	"rstlab/internal/benchcap"
)

func main() {
	out := flag.String("o", "", "file to write")
	var o benchcap.Options
	flag.IntVar(&o.Connections, "connections", 0, "how many connections (default 205000)")
	flag.Uint64Var(&o.Seed, "seed", 1, "what the capture is made from")
	flag.Parse()
	if err := run(*out, o); err != nil {
		fmt.Fprintln(os.Stderr, "mkcap:", err)
		os.Exit(1)
	}
}

func run(out string, o benchcap.Options) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	stats, err := benchcap.Write(f, o)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d packets, %d connections, %d resets, %d MB\n", out, stats.Packets, stats.Connections, stats.Resets, stats.Bytes/1e6)
	return nil
}
