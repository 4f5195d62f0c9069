"""The self-contained page that shows a run: metrics, training curves, and what the nets see."""
