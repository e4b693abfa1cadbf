"""Policies (政策) on screen: articles in words, the draft form, a draft"s trial."""

__all__ = ["articles", "draft_form", "trial"]
