"""Byte-level BPE as `tokenizers` has it, in kernels over UTF-8 bytes: words, their ids, and the learning of merges."""
