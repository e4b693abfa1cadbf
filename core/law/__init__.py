"""A notice as data (政策文件): its language, which one is in force, what it does to applicants, in words and cases."""

__all__ = ["applicants", "cases", "deadlines", "notices", "rules", "wording", "workdays"]
