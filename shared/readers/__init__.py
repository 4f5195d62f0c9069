"""One file a format: from files on disk to typed records."""
