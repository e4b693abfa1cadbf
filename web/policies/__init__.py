"""Policies (政策) on screen: articles in words, faulty files, the draft form, a draft's trial."""

__all__ = ["articles", "draft_form", "faults", "trial"]
