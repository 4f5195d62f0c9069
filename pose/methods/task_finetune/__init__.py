"""Task fine-tuning: the photo keypoint net, its head trained on for drawings."""
