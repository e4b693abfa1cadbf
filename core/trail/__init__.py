"""What was done and what was handed in: the audit trail (审计日志), attachments (附件), columns chosen (认列)."""

__all__ = ["audit", "choices", "documents", "files", "kept", "messages"]
