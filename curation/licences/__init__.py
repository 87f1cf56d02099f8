"""Under which licences a text, a file or an archive stands, and what SPDX expressions of them say."""
