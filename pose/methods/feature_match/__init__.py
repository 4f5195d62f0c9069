"""Feature matching: domain features learn to imitate the task features."""
