"""In which language a text is: lid.176 and langdetect as kernels, proven against the originals."""
