"""The photo keypoint net as it is: a row of the paper's Table 1 that trains nothing."""
