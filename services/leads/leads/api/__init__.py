"""gRPC servicers: decode, call, encode."""
