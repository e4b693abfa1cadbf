"""Tables that people send in (表格): one reader, one choice of columns, one account of rows.

Knows no notice and none of our tables: those declare their columns here."""

__all__ = ["declared", "delimited", "headings", "mending", "problems", "reader", "reading", "sheets", "values"]
