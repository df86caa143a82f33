"""Facts of an answer and what a judge says of it become scores out of 10: additive, explained, with a range."""
