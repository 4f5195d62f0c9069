"""Task fine-tuning with domain features put into its head."""
