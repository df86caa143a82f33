"""Ray Serve without Triton, serving the pipeline in the way its documentation recommends; see README.md."""
