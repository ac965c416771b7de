"""What watches the product, read as data: rules, runbooks, dashboards, and the metrics that the code registers."""
