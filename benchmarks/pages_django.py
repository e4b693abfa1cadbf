"""The peer of `pages`: Django's admin shows the same submissions, fifty to a page, with a filter and a search.

Tuned as its documentation says: related names joined, no full count beside the filtered one, no debug.
Its own accounts and sessions lie in a database of its own.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

OWN = tempfile.NamedTemporaryFile(suffix=".sqlite3")  # noqa: SIM115  until the process ends
ENGINE = "django.db.backends.sqlite3"
settings.configure(
    SECRET_KEY="only-for-a-benchmark",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="__main__",
    DATABASES={"default": {"ENGINE": ENGINE, "NAME": OWN.name}, "office": {"ENGINE": ENGINE, "NAME": sys.argv[1]}},
    INSTALLED_APPS=[f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages")],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "__main__.signed_in",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static/",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib import admin  # noqa: E402  Django is set up before its models are made
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import path  # noqa: E402


class Organization(models.Model):
    name = models.CharField(max_length=80)

    class Meta:
        app_label, db_table, managed = "sessions", "organization", False

    def __str__(self) -> str:
        return self.name


class Submission(models.Model):
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    title = models.CharField(max_length=100)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    authority = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        app_label, db_table, managed = "sessions", "submission", False


@admin.register(Submission)
class SubmissionAdmin(admin.ModelAdmin):
    list_display = ("title", "kind", "state", "organization", "authority", "submitted_at")
    list_filter = ("kind", "state")
    list_select_related = ("organization", "authority")
    list_per_page = 50
    search_fields = ("title",)
    show_full_result_count = False

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).using("office")


urlpatterns = [path("admin/", admin.site.urls)]


def signed_in(get_response: Any) -> Any:
    """The session of the administrator, as the cookie would bring it: it is read anew for each request."""

    def answer(request: Any) -> Any:
        request.session = SessionStore(KEY)
        return get_response(request)

    return answer


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass


call_command("migrate", verbosity=0)
user = User.objects.create_superuser("admin", password="only-for-a-benchmark")
store = SessionStore()
store["_auth_user_id"], store["_auth_user_backend"] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
store["_auth_user_hash"] = user.get_session_auth_hash()
store.save()
KEY = store.session_key
make_server("127.0.0.1", int(sys.argv[2]), WSGIHandler(), handler_class=Quiet).serve_forever()
