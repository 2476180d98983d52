// Command etcd is the upstream server, built in the Kubernetes module so that what both share is
// compiled once.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
