"""`make bench`: speeds as ratios to a baseline run beside them."""
