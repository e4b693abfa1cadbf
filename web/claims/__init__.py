"""Claims of certificates for hours (学时折合申报) on screen: the form, a claim to read, its review."""

__all__ = ["form", "reading", "reviewing"]
