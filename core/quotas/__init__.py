"""Quotas (指标): what each programme of a year is to reach and who of it, and how far it has come."""

__all__ = ["progress", "splitting", "targets"]
