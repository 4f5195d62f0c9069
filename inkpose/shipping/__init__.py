"""The three nets of a finished run as one folder that lies in the repository and in every installation."""
