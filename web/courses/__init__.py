"""Courses (网络课程) on screen: a learner's way, how one is made, how far its people have come."""

__all__ = ["appealing", "editing", "reading", "steps"]
