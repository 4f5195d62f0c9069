"""Feature concatenation: task and domain features side by side."""
