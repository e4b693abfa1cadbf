"""The peer of `roster`: Django models and a django-import-export resource that check and post the same file.

Tuned as its documentation says: `use_bulk` with a batch size, no diff, no cleaning of instances, no look-up of entries
(`force_init_instance`), one transaction; and beyond it, whoever is on file is looked up in a few queries before the
first row, new persons and totals are written in bulk, and its database is set as ours is. It keeps ID numbers in plain
text, no roster, no chain and no trail.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
import tablib
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": sys.argv[1],
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
            },
        }
    },
    INSTALLED_APPS=["import_export"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.core.exceptions import ValidationError  # noqa: E402  Django is set up before its models are made
from django.db import connection, models  # noqa: E402
from import_export import fields, resources, widgets  # noqa: E402

HOURS, YEAR, END_ON = Decimal(24), 2024, date(2024, 6, 26)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Person(models.Model):
    name = models.CharField(max_length=40)
    id_number = models.CharField(max_length=18, unique=True)
    sex = models.CharField(max_length=1)
    birth_on = models.DateField()
    employer = models.CharField(max_length=80)
    title = models.CharField(max_length=40)
    specialty = models.CharField(max_length=40)

    class Meta:
        app_label = "import_export"


class Entry(models.Model):
    person = models.ForeignKey(Person, models.PROTECT)
    year = models.SmallIntegerField()
    subject = models.CharField(max_length=20)
    hours = models.DecimalField(max_digits=6, decimal_places=2)
    completed_on = models.DateField()

    class Meta:
        app_label = "import_export"


class Total(models.Model):
    person = models.ForeignKey(Person, models.PROTECT, db_index=False)
    year = models.SmallIntegerField()
    subject = models.CharField(max_length=20)
    hours = models.DecimalField(max_digits=6, decimal_places=2)

    class Meta:
        app_label = "import_export"
        constraints = (models.UniqueConstraint(fields=["person", "year", "subject"], name="one_total"),)


MODELS = (Person, Entry, Total)


def born(number: object) -> date | None:
    """The date of birth in a number that is in order, else None."""
    if not isinstance(number, str) or len(number) != 18 or not number[:17].isdigit():
        return None
    if "10X98765432"[sum(map(int.__mul__, map(int, number[:17]), WEIGHTS)) % 11] != number[17]:
        return None
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


class PersonWidget(widgets.Widget):
    """The person of an ID number, out of those looked up before the first row."""

    def __init__(self, people: dict[str, Person]) -> None:
        super().__init__()
        self.people = people

    def clean(self, value: Any, row: Any = None, **_: Any) -> Person:
        return self.people[value]


class EntryResource(resources.ModelResource):
    """A roster's rows as entries; what is wrong with a row is its validation error."""

    hours = fields.Field("hours", "专业学时", widget=widgets.DecimalWidget())

    class Meta:
        model = Entry
        fields = ("person", "hours")
        use_bulk = True
        batch_size = 10_000
        force_init_instance = True
        skip_diff = True
        skip_html_diff = True
        skip_unchanged = False
        report_skipped = False
        clean_model_instances = False
        use_transactions = True

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Person] = {}
        self.seen: set[str] = set()
        self.fields["person"] = fields.Field("person", "身份证号", widget=PersonWidget(self.people))

    def before_import(self, dataset: tablib.Dataset, **_: Any) -> None:
        numbers = [number for number in dataset["身份证号"] if born(number)]
        for start in range(0, len(numbers), 5000):
            self.people |= {each.id_number: each for each in self._on_file(numbers[start : start + 5000])}
        self.fields["person"].widget.people = self.people
        new: dict[str, Person] = {}
        places = [dataset.headers.index(name) for name in COLUMNS]
        for cells in dataset:
            row = dict(zip(COLUMNS, (cells[place] for place in places), strict=True))
            number = row["身份证号"]
            if number in self.people or number in new or fault(row):
                continue
            new[number] = Person(
                name=row["姓名"],
                id_number=number,
                sex="男" if int(number[16]) % 2 else "女",
                birth_on=born(number),
                employer=row["工作单位"] or "",
                title=row["专业技术职务"] or "",
                specialty=row["从事专业"] or "",
            )
        Person.objects.bulk_create(new.values(), batch_size=10_000)
        self.people |= new

    @staticmethod
    def _on_file(numbers: list[str]) -> models.QuerySet[Person]:
        return Person.objects.filter(id_number__in=numbers).only("id", "id_number", "name")

    def before_import_row(self, row: dict[str, Any], **_: Any) -> None:
        number = row["身份证号"]
        words = fault(row)
        if not words and self.people[number].name != row["姓名"]:
            words = "another name is on file"
        if not words and number in self.seen:
            words = "twice"
        if isinstance(number, str) and born(number):
            self.seen.add(number)
        if words:
            raise ValidationError(words)

    def before_save_instance(self, instance: Entry, row: dict[str, Any], **_: Any) -> None:
        instance.year, instance.subject, instance.completed_on = YEAR, "professional", END_ON

    def after_import(self, dataset: tablib.Dataset, result: Any, **_: Any) -> None:
        with connection.cursor() as cursor:  # faster than models, and what its users would write
            cursor.execute(
                "INSERT INTO import_export_total (person_id, year, subject, hours)"
                " SELECT person_id, year, subject, sum(hours) FROM import_export_entry WHERE true GROUP BY 1, 2, 3"
                " ON CONFLICT (person_id, year, subject) DO UPDATE SET hours = hours + excluded.hours"
            )


COLUMNS = ("姓名", "性别", "身份证号", "工作单位", "专业技术职务", "从事专业", "公需学时", "专业学时", "考核结果")


def fault(row: dict[str, Any]) -> str:
    """What is wrong with a row by itself: the same rules as ours."""
    number, hours = row["身份证号"], row["专业学时"]
    if not row["姓名"]:
        return "no name"
    if not born(number):
        return "no ID number"
    if row["性别"] != ("男" if int(number[16]) % 2 else "女"):
        return "sex"
    if row["考核结果"] != "合格":
        return "assessment"
    if row["公需学时"] or not isinstance(hours, int | float) or not 0 < hours <= HOURS or hours * 2 % 1:
        return "hours"
    return ""


def fill() -> None:
    """The tables, and who is on file: a JSON list of [name, number, sex, birth, employer, title, specialty] on stdin."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    names = "name id_number sex birth_on employer title specialty".split()
    people = (Person(**dict(zip(names, line, strict=True))) for line in json.load(sys.stdin))
    Person.objects.bulk_create(people, batch_size=10_000)


def measure(path: str) -> None:
    """Post the roster in this file; tell the seconds, what came of it and the peak memory as JSON."""
    content = Path(path).read_bytes()
    began = time.perf_counter()
    dataset = tablib.Dataset()
    dataset.load(io.BytesIO(content), "xlsx", skip_lines=1)
    while dataset.height and not dataset[-1][dataset.headers.index("身份证号")]:
        del dataset[-1]
        if not dataset.height or dataset[-1][0]:
            break
    read = time.perf_counter()
    result = EntryResource().import_data(dataset)
    ended = time.perf_counter()
    found = {
        "persons": Person.objects.count(),
        "entries": Entry.objects.count(),
        "hours": float(Total.objects.aggregate(models.Sum("hours"))["hours__sum"]),
        "refused": result.totals["invalid"],
    }
    assert not result.has_errors(), result.row_errors()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"read": read - began, "import": ended - read, "whole": ended - began, "peak_mib": peak}
    print(json.dumps(figures | {"found": found}))


if __name__ == "__main__":
    fill() if len(sys.argv) == 2 else measure(sys.argv[2])
