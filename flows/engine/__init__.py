"""What runs steps: the graph, worker processes, Prefect around them, progress, compiled kernels."""
