"""Data sets as WebDataset shards: written from folders or manifests, opened where a folder would be, near or far."""
