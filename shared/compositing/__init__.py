"""Characters over backgrounds, by straight alpha."""
