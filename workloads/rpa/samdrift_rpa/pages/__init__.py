"""Pages of the automation workload."""
