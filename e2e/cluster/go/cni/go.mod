module stella-ops.org/e2e/cluster/cni

go 1.26.0

require github.com/containernetworking/plugins v1.9.1

tool (
	github.com/containernetworking/plugins/plugins/ipam/host-local
	github.com/containernetworking/plugins/plugins/main/bridge
	github.com/containernetworking/plugins/plugins/main/loopback
	github.com/containernetworking/plugins/plugins/meta/portmap
)
