from .company import company, directory

__all__ = ["company", "directory"]
