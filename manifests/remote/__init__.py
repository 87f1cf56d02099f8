"""Files elsewhere: asked for politely, fetched in parts, gone on with where they broke off."""
