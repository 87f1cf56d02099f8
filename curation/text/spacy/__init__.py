"""spaCy's blank English tokenizer and its sentences as kernels, and the package itself."""
