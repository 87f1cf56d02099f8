"""What `maslin curate|mix|train|compare` have in common: arguments, the plan of a recipe, the work, its outcome."""
