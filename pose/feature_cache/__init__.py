"""What frozen sources say of the training's pictures, computed once and kept on disk for all trainings."""
