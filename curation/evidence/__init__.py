"""Why documents stayed, left or changed, read from what a build kept; and what other parameters would do."""
