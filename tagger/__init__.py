"""Multi-label tagger of illustrated characters."""
