"""Pages → their text: bytes, elements and texts, what is furniture, what is left; kernels all the way."""
