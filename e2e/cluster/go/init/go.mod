module stella-ops.org/e2e/cluster/init

go 1.26.0
