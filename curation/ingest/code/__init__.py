"""Source code: archives and folders → files, in which language each is, and documents of them."""
