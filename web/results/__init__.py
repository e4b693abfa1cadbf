"""Results from elsewhere on screen (外来成绩): the file, the batches, the platforms that push."""

__all__ = ["batches", "bringing", "pushing"]
