"""Claims of certificates for hours (学时折合申报) on screen: the form, and a claim to read."""

__all__ = ["form", "reading"]
