// What is built from Go modules, from the pinned versions of go/*/go.mod.
const KUBERNETES = 'v1.35.4';
const [major, minor] = KUBERNETES.slice(1).split('.');
const STRIPPED = '-s -w';
/** A build outside of Kubernetes' own tree has to be told its version, which kubelet and API server compare. */
const VERSION = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  .map((name) => `-X ${name}.gitVersion=${KUBERNETES} -X ${name}.gitMajor=${major} -X ${name}.gitMinor=${minor} -X ${name}.gitTreeState=clean`)
  .join(' ');

/** Helm likewise, and what it takes a cluster for that it cannot ask. */
const HELM_VERSION = [
  '-X helm.sh/helm/v3/internal/version.version=v3.20.2',
  ...['chartutil', 'lint/rules'].map((name) => `-X helm.sh/helm/v3/pkg/${name}.k8sVersionMajor=${major} -X helm.sh/helm/v3/pkg/${name}.k8sVersionMinor=${minor}`),
].join(' ');

/** By the name of the folder in the cache: the module, and its programs by package. */
export const GO_BUILDS = {
  init: { module: 'init', programs: { init: '.' } },
  kubernetes: { module: 'kubernetes', programs: { kubernetes: '.' }, ldflags: `${STRIPPED} ${VERSION}`, links: { kubectl: 'kubernetes' } },
  helm: { module: 'kubernetes', programs: { helm: 'helm.sh/helm/v3/cmd/helm' }, ldflags: `${STRIPPED} ${HELM_VERSION}` },
  coredns: { module: 'coredns', programs: { coredns: '.' } },
  cni: {
    module: 'cni',
    programs: {
      'machine-loopback': './machine-loopback',
      ...Object.fromEntries(['main/bridge', 'main/loopback', 'ipam/host-local', 'meta/portmap'].map((name) => [name.split('/')[1], `github.com/containernetworking/plugins/plugins/${name}`])),
    },
  },
  gvisor: { module: 'gvisor', programs: { 'containerd-shim-runsc-v1': '.', runsc: 'gvisor.dev/gvisor/runsc' }, isOptional: true },
};

export const LDFLAGS = STRIPPED;
