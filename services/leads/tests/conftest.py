from .company import company, directory
from .customer_grading import known

__all__ = ["company", "directory", "known"]
