// machine-loopback: a chained CNI plugin by which a pod's own 127.0.0.1, on the ports given, is the machine's.
// Servers of the tests listen on loopback only, and some of them hand their address out (a broker's listeners, an
// issuer's name): in this way it is the same one inside of pods and outside.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"
	"github.com/containernetworking/plugins/pkg/ns"
)

type config struct {
	types.NetConf
	// Where the machine's loopback is forwarded from.
	Machine string `json:"machine"`
	// As iptables takes them: 20000:32767.
	Ports string `json:"ports"`
}

func add(args *skel.CmdArgs) error {
	var conf config
	if err := json.Unmarshal(args.StdinData, &conf); err != nil {
		return err
	}
	if err := version.ParsePrevResult(&conf.NetConf); err != nil {
		return err
	}
	result, err := current.NewResultFromResult(conf.PrevResult)
	if err != nil {
		return err
	}
	err = ns.WithNetNSPath(args.Netns, func(ns.NetNS) error {
		// The kernel takes packets of 127.0.0.0/8 for lost ones on any other interface.
		setting := fmt.Sprintf("/proc/sys/net/ipv4/conf/%s/route_localnet", args.IfName)
		if err := os.WriteFile(setting, []byte("1"), 0o644); err != nil {
			return err
		}
		for _, rule := range [][]string{
			{"-A", "OUTPUT", "-d", "127.0.0.1", "-p", "tcp", "--dport", conf.Ports, "-j", "DNAT", "--to-destination", conf.Machine},
			{"-A", "POSTROUTING", "-s", "127.0.0.1", "-o", args.IfName, "-j", "MASQUERADE"},
		} {
			if out, err := exec.Command("iptables", append([]string{"-w", "-t", "nat"}, rule...)...).CombinedOutput(); err != nil {
				return fmt.Errorf("iptables %v: %w: %s", rule, err, out)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return types.PrintResult(result, conf.CNIVersion)
}

func main() {
	// The rules go with the pod's namespace.
	none := func(*skel.CmdArgs) error { return nil }
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Check: none, Del: none}, version.All, "machine-loopback")
}
