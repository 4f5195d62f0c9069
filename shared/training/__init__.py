"""Training from the command line: LightningCLI with resume, signals and checkpoints that users can trust."""
