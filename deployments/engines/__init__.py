"""TensorRT engines of the catalogue's graphs: precision, shapes, building, and the proof of it without a GPU."""
