"""Frozen feature extractors: the task source (photo keypoints) and the domain source (the tagger)."""
