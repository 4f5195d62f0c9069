"""The pose index: drawings found by the pose of their characters and by their tags."""
