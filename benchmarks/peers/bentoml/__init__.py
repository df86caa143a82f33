"""BentoML, serving the pipeline in the way its documentation recommends; see README.md."""
