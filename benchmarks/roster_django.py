"""The peer of `roster`: Django models and a django-import-export resource that check and post the same file.

Tuned as its documentation says: `use_bulk` with a batch size, `CachedInstanceLoader`, no diff, no instances cleaned,
nothing reported for a row that is skipped, one transaction; and beyond that, no person on file is touched, entries and
totals are written in bulk after the last row, and its database is set as ours is. The preview is its dry run, after
which the file is read again, as its admin does. It keeps ID numbers in plain text, no roster, no chain and no trail.
"""

from __future__ import annotations

import io
import itertools
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
from import_export import fields, resources  # noqa: E402
from import_export.instance_loaders import CachedInstanceLoader  # noqa: E402

HOURS, YEAR, END_ON = Decimal(24), 2024, date(2024, 6, 26)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Person(models.Model):
    name = models.CharField(max_length=40)
    id_number = models.CharField(max_length=18, unique=True)
    sex = models.CharField(max_length=1)
    birth_on = models.DateField()
    employer = models.CharField(max_length=80)
    post = models.CharField(max_length=40)
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


class PersonResource(resources.ModelResource):
    """A roster's rows as persons, matched by ID number or added; what is wrong with a row is its validation error.

    Who is on file is left as it is, and every row in order leaves an entry behind.
    """

    name = fields.Field("name", "姓名")
    sex = fields.Field("sex", "性别")
    id_number = fields.Field("id_number", "身份证号")
    employer = fields.Field("employer", "工作单位")
    post = fields.Field("post", "专业技术职务")
    specialty = fields.Field("specialty", "从事专业")

    class Meta:
        model = Person
        fields = ("name", "sex", "id_number", "employer", "post", "specialty")
        import_id_fields = ("id_number",)
        instance_loader_class = CachedInstanceLoader
        use_bulk = True
        batch_size = 10_000
        skip_diff = True
        skip_html_diff = True
        skip_unchanged = False
        report_skipped = False
        clean_model_instances = False
        use_transactions = True

    def before_import(self, dataset: tablib.Dataset, **_: Any) -> None:
        self.seen: set[str] = set()
        self.persons: list[Person] = []
        self.hours: list[Decimal] = []

    def before_import_row(self, row: dict[str, Any], **_: Any) -> None:
        number = row["身份证号"]
        words = fault(row)
        if not words and number in self.seen:
            words = "twice"
        if isinstance(number, str):
            self.seen.add(number)
        if words:
            raise ValidationError(words)

    def after_init_instance(self, instance: Person, new: bool, row: dict[str, Any], **_: Any) -> None:
        if not new and instance.name != row["姓名"]:
            raise ValidationError("on file under another name")
        instance.birth_on = born(row["身份证号"])
        self.persons.append(instance)
        self.hours.append(Decimal(row["专业学时"]))

    def import_instance(self, instance: Person, row: dict[str, Any], **kwargs: Any) -> None:
        if instance.pk is None:
            super().import_instance(instance, row, **kwargs)

    def skip_row(self, instance: Person, *_: Any, **__: Any) -> bool:
        return instance.pk is not None

    def after_import(self, dataset: tablib.Dataset, result: Any, **_: Any) -> None:
        common = {"year": YEAR, "subject": "professional"}
        earned = list(zip(self.persons, self.hours, strict=True))
        Entry.objects.bulk_create(
            (Entry(person=person, hours=hours, completed_on=END_ON, **common) for person, hours in earned),
            batch_size=10_000,
        )
        with connection.cursor() as cursor:  # as bulk_create(update_conflicts=True) cannot add to what is there
            cursor.executemany(
                "INSERT INTO import_export_total (person_id, year, subject, hours) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (person_id, year, subject) DO UPDATE SET hours = hours + excluded.hours",
                [(person.pk, YEAR, "professional", str(hours)) for person, hours in earned],
            )


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
    """The tables, and who is on file: on stdin a JSON list of persons, each a list of its fields."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    names = "name id_number sex birth_on employer post specialty".split()
    people = (Person(**dict(zip(names, line, strict=True))) for line in json.load(sys.stdin))
    Person.objects.bulk_create(people, batch_size=10_000)


def dataset(content: bytes) -> tablib.Dataset:
    """The rows below the headings in the second row, without those that hold no person."""
    read = tablib.Dataset().load(io.BytesIO(content), "xlsx", skip_lines=1)
    name, number = (read.headers.index(heading) for heading in ("姓名", "身份证号"))
    return tablib.Dataset(*(row for row in read if row[name] or row[number]), headers=read.headers)


def measure(path: str) -> None:
    """Preview and post the roster in this file as its admin does: the seconds, what came of it, the peak memory."""
    content = Path(path).read_bytes()
    moments = [time.perf_counter()]
    rows = dataset(content)
    moments.append(time.perf_counter())
    preview = PersonResource().import_data(rows, dry_run=True)
    moments.append(time.perf_counter())
    assert not Entry.objects.exists()
    rows = dataset(content)
    result = PersonResource().import_data(rows)
    moments.append(time.perf_counter())
    assert not result.has_errors(), result.row_errors()
    assert preview.totals == result.totals
    found = {
        "persons": Person.objects.count(),
        "entries": Entry.objects.count(),
        "hours": float(Total.objects.aggregate(models.Sum("hours"))["hours__sum"]),
        "refused": result.totals["invalid"],
    }
    read, check, post = (after - before for before, after in itertools.pairwise(moments))
    figures = {"read": read, "check": check, "preview": read + check, "post": post, "whole": read + check + post}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures | {"peak_mib": peak, "found": found}))


if __name__ == "__main__":
    fill() if len(sys.argv) == 2 else measure(sys.argv[2])
