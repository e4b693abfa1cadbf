"""Item bank formats (题库格式): a bank read from a file and written to one, without a database.

What can be taken is taken, whatever is wrong with the rest; all that is wrong is named at once, by row, line or number.
Content that an item cannot hold (weights, markup, tags) is reported, never dropped silently.
"""

from core.exams.formats import workbook
from core.exams.formats.files import digest, read, write
from core.exams.formats.found import HEADINGS, Form, Found, Part, Written
from core.exams.formats.workbook import template

__all__ = ["HEADINGS", "Form", "Found", "Part", "Written", "digest", "read", "template", "workbook", "write"]
