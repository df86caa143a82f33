"""The same tritonserver and models, called by Triton's plain client alone: what routing is measured against."""
