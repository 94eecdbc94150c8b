package main

import (
	"context"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

const (
	plannedNodeName       = "PlannedNode"
	plannedNodeAnnotation = "plimsoll.test/planned-node"
)

// plannedNode restricts a pod to the node that its annotation names. It asks
// nothing else: whether the pod may run there is left to the filters of
// kube-scheduler itself, which look at the pod's own spec and at all nodes as
// always. A required node affinity would change what topology spread counts,
// and a nomination would let the pod go elsewhere, where it would distort the
// verdict on those that follow.
type plannedNode struct{}

var _ framework.PreFilterPlugin = plannedNode{}

func newPlannedNode(context.Context, runtime.Object, framework.Handle) (framework.Plugin, error) {
	return plannedNode{}, nil
}

func (plannedNode) Name() string { return plannedNodeName }

func (plannedNode) PreFilter(
	_ context.Context, _ *framework.CycleState, pod *v1.Pod,
) (*framework.PreFilterResult, *framework.Status) {
	node, planned := pod.Annotations[plannedNodeAnnotation]
	if !planned {
		return nil, framework.NewStatus(framework.Skip)
	}
	return &framework.PreFilterResult{NodeNames: sets.New(node)}, nil
}

func (plannedNode) PreFilterExtensions() framework.PreFilterExtensions { return nil }
