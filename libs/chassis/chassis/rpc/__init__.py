"""gRPC both ways: one error family, signed identities, deadlines that shrink, answers that are given once."""
