"""Claims of certificates for hours (学时折合申报) on screen."""

__all__ = ["reading"]
