"""The cluster without its models: what accepting, queueing, storing and reporting costs at the scale of a season."""
