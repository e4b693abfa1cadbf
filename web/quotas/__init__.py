"""Targets (指标) on screen: splitting and publishing them, what is in force, its versions."""

from web.quotas.reading import in_force, shares, versions
from web.quotas.splitting import split

__all__ = ["in_force", "shares", "split", "versions"]
