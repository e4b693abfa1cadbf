"""What was done and what was handed in: the audit trail (审计日志) and attachments (附件)."""

__all__ = ["audit", "files"]
