"""Names of templates that one language's wikis have, beside those shared by all."""
