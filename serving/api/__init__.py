"""The edge: protobuf to domain and back, errors to statuses, authentication. Knows gRPC messages, not Ray."""
