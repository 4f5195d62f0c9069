"""Fine-tuning that hides from a judge whether a picture is a photo or a drawing: a row of the paper's Table 1."""
