"""What every subsystem uses and that knows none of them: data, geometry, drawing, training."""
