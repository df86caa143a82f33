"""The model catalogue: what each model is made of, and the steps that make, list and check its artifacts."""
