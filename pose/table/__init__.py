"""The paper's Table 1 on one's own data: ``python -m pose.table``."""
