// The binary "plane" is a Kubernetes control plane in one file: its first
// argument says which of etcd, kube-apiserver, kube-scheduler and
// kube-controller-manager to run, and the rest are that program's own flags.
//
// The programs are the unchanged ones of the pinned release. kube-scheduler
// additionally knows the plugin PlannedNode (planned.go), which only a profile
// that names it uses.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		fail("name the program to run")
	}
	go endWithParent()
	name := os.Args[1]
	// Each program reads its own flags from os.Args, so the name takes the place of the binary.
	os.Args = append([]string{name}, os.Args[2:]...)
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		run(apiserver.NewAPIServerCommand())
	case "kube-scheduler":
		run(scheduler.NewSchedulerCommand(scheduler.WithPlugin(plannedNodeName, newPlannedNode)))
	case "kube-controller-manager":
		run(controllermanager.NewControllerManagerCommand())
	default:
		fail("unknown program " + name)
	}
}

// endWithParent ends the program when its standard input does: whoever started
// it holds the other end, and is gone then, in whatever manner.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func run(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, "plane: "+message)
	os.Exit(2)
}
