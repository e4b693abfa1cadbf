"""The reviewer's desk (审核台): a list with its filters, an item to read, the bar that decides it; for all kinds."""

__all__ = ["batch", "deciding", "evidence", "filters", "listing", "readings", "remarking"]
