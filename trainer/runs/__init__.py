"""Runs: the loop, optimizer, checkpoints, metrics, and the processes or the seeds that share one."""
