"""One LightningDataModule per task: reading, splits, augmentation; they know no method."""
