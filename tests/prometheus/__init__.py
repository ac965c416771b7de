"""What needs Prometheus itself: `make test-observability`."""
