"""Drafts (草稿): a form whose fields save themselves (自动暂存) and come back as they were typed, files with them.

After F5, another record, the way home and in a new browser. Beside its buttons a form says that something is unsaved
and how to be rid of it; under a field it says what is wrong with it. Saving to the record is the page's own deed.
A text that is of no form, such as an opinion, is kept by `web.autosave`.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, typed
from core.ground.access import Actor, Refused
from core.office import unsaved
from core.office.unsaved import Chosen
from core.tables.reading import Asked
from core.trail.files import Upload
from web import address, autosave, context
from web.deeds import Act, Who, say
from web.uploads import forget
from web.words import md, moment_text, size_text

DAYS: dict[str, Any] = {"format": "YYYY-MM-DD", "min_value": date(1900, 1, 1), "max_value": date(2100, 12, 31)}
"""How a day is asked for: the widget lets any through, core says in words what is wrong with it."""

DRAFT = "draft"
"""The query parameter that names one of several drafts of new records."""
_ELSEWHERE = "elsewhere"
"""The code of a deed that was refused because another window worked on the same form."""
_OVERTAKEN = "您填写期间，这条记录已在别处改过：您没有动过的各项已是最新内容，改过的各项仍是您填写的，请核对后再保存。"
_ASIDE = re.compile(r"-d[0-9]+$")


LEGEND = (
    "带 * 的必填。填写的内容和选择的文件自动暂存，刷新页面、离开或换一台电脑后仍在，只有您能看到；"
    "点“保存”后才成为这份记录的内容。在有问号的一栏里按F1看说明。"
)


@dataclass
class Form:
    """A form of one record on screen (表单); kept in the browser's session while it is open."""

    account: int | None
    """Whose it is."""
    place: str
    """The kind and the record, as `core.office.unsaved` has it: "plan:12", "plan:new"."""
    prefix: str
    """What the keys of its widgets begin with; it stays when a new record is saved and gets its number."""
    base: dict[str, Any]
    """What the record has, field by field, as the widgets show it."""
    version: int
    kept: dict[str, Any] = field(default_factory=dict)
    """What was typed and not saved, as this window last saw it lie in the database."""
    kept_at: datetime | None = None
    told: str = ""
    """What else there is to say beside the mark: not kept, or changed by somebody else meanwhile."""
    brought: dict[str, None] = field(default_factory=dict)
    """The fields that another window filled in meanwhile, which stand here now as they are there."""
    contested: list[str] = field(default_factory=list)
    """Those that were changed here and, otherwise, in another window: they are not kept."""
    gone: str = ""
    """What to say where what was typed was saved or discarded in another window."""
    awaiting: dict[str, Any] | None = None
    """The draft as stored, after a conflict with another window refused a deed; None once the message is shown.

    It counts as seen when the page with the message is drawn, so that the second click of a double click is refused.
    """
    notes: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    """What its reviewer remarked on each field when it came back, and whether the record was changed there since."""
    chosen: list[Chosen] = field(default_factory=list)
    """The files that were chosen and are not saved yet, as they lie in the office."""
    uploads: set[str] = field(default_factory=set)
    """Those of the fields that take files."""
    asked: dict[str, str] = field(default_factory=dict)
    """The fields in the order in which they are drawn, and what each is called."""
    below: dict[str, Any] = field(default_factory=dict)
    """Where it is said what is wrong with a field, of the run that draws it."""
    followed: date | None = None
    """The last day, where it followed the first one and nobody touched it since."""
    lasts: timedelta = timedelta()
    """From the first day to the last one, as long as both stood there."""
    refused: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """What the last refusal said of each field, and what stood there."""
    untaken: dict[str, str] = field(default_factory=dict)
    """Why files were not taken when they were chosen, by field: so until another is chosen there."""

    @property
    def record(self) -> int | None:
        """The number in its place: the record's; None for a new one."""
        return address.number(self.place.rpartition(":")[2])

    def key(self, name: str) -> str:
        """The key of a field's widget."""
        return f"{self.prefix}{name}"

    def value(self, name: str) -> Any:
        """What stands in a field now, also where it is not drawn."""
        waiting = _meant(name, self.kept[name]) if name in self.kept else self.base[name]
        return st.session_state.get(self.key(name), waiting)

    @property
    def values(self) -> dict[str, Any]:
        """What stands in each field now, by its name."""
        return {name: self.value(name) for name in self.base}

    @property
    def changed(self) -> dict[str, Any]:
        """The fields that differ from the record."""
        return {name: value for name, value in self.values.items() if not _same(value, self.base[name])}

    def ask(self, widget: Callable[..., Any], name: str, label: str, /, *given: Any, **options: Any) -> Any:
        """Draw a field by its widget (填写项), as it was typed, and below it what is wrong with it; answers its value.

        `widget` takes its value from its key: `st.text_input`, or a column's.
        """
        self.asked[name] = _called(label)
        if self.key(name) not in st.session_state:
            st.session_state[self.key(name)] = self.value(name)
        found = widget(label, *given, key=self.key(name), **{"on_change": self.keep} | options)
        below = getattr(widget, "__self__", st)
        if name in self.notes:
            words, changed = self.notes[name]
            if changed or not _same(self.value(name), self.base[name]):
                below.markdown(f":green-badge[已改] :gray[:material/reply: {md(words)}]")
            else:
                below.markdown(f":orange[:material/reply: {md(words)}]")
        self.below[name] = below.empty()
        self.blame({name: self.fault(name)})
        return found

    def ask_days(self, first: Any, last: Any, label: str, label_of_last: str) -> None:
        """Draw the first and the last day of something (起止日期), `start_on` and `end_on`; the last follows the first.

        As the first is put later than the last, or there is none, as many days as before are kept; and so on, as long
        as nobody touches the last. What is wrong with it is said once that was touched.
        """
        self.ask(first.date_input, "start_on", label, on_change=self._follow, **DAYS)
        self.ask(last.date_input, "end_on", label_of_last, **DAYS)
        start, end = self.value("start_on"), self.value("end_on")
        self.lasts = end - start if start and end and end >= start else self.lasts
        if start and end and end < start:
            self.blame({"end_on": f"结束日期早于开始日期{start}"})
        elif start and end and end == self.followed:
            self.below["end_on"].caption(f"已随开始日期改为{end}（共{(end - start).days + 1}天），可以改。")

    def _follow(self) -> None:
        start, end = self.value("start_on"), self.value("end_on")
        if start and (end is None or end < start or end == self.followed):
            self.followed = min(start + min(self.lasts, DAYS["max_value"] - start), DAYS["max_value"])
            st.session_state[self.key("end_on")] = self.followed
        self.keep()

    def blame(self, faults: Mapping[str, str]) -> None:
        """Say below fields what is wrong with them (填写有误); what stands there already is said in its place."""
        for name, words in faults.items():
            if words and name in self.below:
                self.below[name].markdown(f":red[:material/error: {md(words)}]")

    def ask_files(
        self,
        below: Any,
        name: str,
        label: str,
        endings: Iterable[str],
        *,
        told: str = "已选、尚未保存",
        **options: Any,
    ) -> None:
        """Draw a field that takes files (上传栏), and below it those chosen and not saved, and what is wrong with it.

        `told`: what is said of these. The uploader itself is empty again at once: a file is where the form's words are,
        and comes back with them.
        """
        self.asked[name] = _called(label)
        self.uploads.add(name)
        kinds = [each.removeprefix(".") for each in endings]
        below.file_uploader(label, kinds, key=self._file_key(name), on_change=self._choose, args=(name,), **options)
        listed = below.container(gap=None)
        for each in self.of(name):
            key = f"chosen-file-{each.id}"
            with listed.container(horizontal=True, vertical_alignment="center", gap="small", key=key):
                words = f"{told}：{md(each.filename)}（{size_text(each.size)}）"
                st.markdown(f":orange[:material/attach_file:] {words}", width="content")
                act: dict[str, Any] = {"on_click": self._remove, "args": (each,)}
                st.button("移除", key=f"{self.prefix}remove-{each.id}", type="tertiary", **act)
        for fault in filter(None, (self.untaken.get(name), self.fault(name))):
            below.markdown(f":red[:material/error: {md(fault)}]")

    def fault(self, name: str) -> str:
        """What the last refusal said of a field, until something else stands there."""
        self.asked.setdefault(name, "")
        words, stood = self.refused.get(name, ("", None))
        return words if _same(stood, self._stands(name)) else ""

    def _stands(self, name: str) -> Any:
        """What stands in a field: its value, or the files chosen in it."""
        return self.value(name) if name in self.base else [each.id for each in self.of(name)]

    def saved(self, place: str, version: int) -> None:
        """What was typed is the record's now: call it after the deed that saved it and did `unsaved.drop`."""
        forms = _forms(self.account)
        forms.pop(self.place, None)
        self.base, self.place, self.version, forms[place] = self.values, place, version, self
        self._forget()

    def _file_key(self, name: str) -> str:
        """The key of an uploader, another one whenever something was chosen in it: that empties it."""
        return f"{self.key(name)}-files-{st.session_state.get(f'{self.key(name)}-turn', 0)}"

    def of(self, name: str) -> list[Chosen]:
        """The files that are chosen in a field (已选、尚未保存的文件)."""
        return [each for each in self.chosen if each.field == name]

    def files(self, session: Session, name: str, actor: Actor) -> list[Upload]:
        """The files chosen in a field, with their bytes, as a deed sends them. Refused codes: "missing"."""
        return [unsaved.upload(session, each.id, actor=actor) for each in self.of(name)]

    def file(self, session: Session, name: str, actor: Actor) -> Upload | None:
        """The file chosen in a field that takes one, as a deed sends it. Refused codes: "missing"."""
        return next(iter(self.files(session, name, actor)), None)

    def given(self) -> tuple[str, ...]:
        """What tells the files chosen from others: a double click sends the same ones."""
        return tuple(f"{each.field} {each.id}" for each in self.chosen)

    def given_table(self, name: str) -> tuple[str, ...]:
        """As `given`, of a form that takes a table: whether its file replaces what is there, rows pasted ("pasted")."""
        replaces = bool(self.of(name)) and st.session_state.get(self.replace_key(name), False)
        rows = typed.text(self.value("pasted"))
        return (*self.given(), *(["replace"] if replaces else []), *(["pasted"] if rows else []))

    def replace_key(self, name: str) -> str:
        """The key of the checkbox that lets the file chosen in a field, and no other, replace what is there (替换)."""
        return f"{self.prefix}replace-{'-'.join(str(each.id) for each in self.of(name))}"

    def _choose(self, name: str) -> None:
        """Keep what was just chosen in a field (选择文件), or say why it is not taken; the uploader is empty again."""
        given = st.session_state.get(self._file_key(name)) or []
        uploads = list(given) if isinstance(given, list) else [given]
        at = f"{self.key(name)}-turn"
        st.session_state[at] = st.session_state.get(at, 0) + 1
        refused = []
        for each in uploads:
            try:
                with db.transaction() as session:
                    here, now = self._signed_in(session), context.moment(session)
                    upload = Upload(each.name, each.getvalue())
                    unsaved.choose(session, self.place, name, upload, actor=here, now=now)
                    self.kept_at = now
            except Refused as why:
                refused.append(f"“{each.name}”没有选上：{why.words}")
        forget(each.file_id for each in uploads)
        self._look()
        self.refused.pop(name, None)
        self.untaken[name] = "；".join(refused)
        for words in refused:
            say("error", words, at=[self._file_key(name)])

    def _remove(self, file: Chosen) -> None:
        """Take a chosen file out again (移除)."""
        try:
            with db.transaction() as session:
                unsaved.remove(session, file.id, actor=self._signed_in(session))
        except Refused as refused:
            self.told = refused.words
        self._look()

    def _look(self) -> None:
        """What is chosen in it, as the office has it."""
        with db.reading() as session:
            here = context.actor_now(session)
            if here and here.account_id == self.account:
                self.chosen = unsaved.chosen(session, self.place, actor=here)

    def mark(self) -> None:
        """Unsaved mark (未保存的改动), for beside the buttons, with the way to discard; and what watches the typing."""
        told = [self.told, self.gone, self._contested] if self.awaiting is None else []  # a message has just said so
        brought = self._brought if self.brought and self.awaiting is None else ""
        if self.awaiting is not None:
            self._seen(self.awaiting)
        if (changed := self.changed) or self.chosen:
            what = "草稿" if ":new" in self.place else "未保存的改动"
            kept = f"，{moment_text(self.kept_at)[-5:]}已自动暂存" if self.kept == _plain(changed) else ""
            st.markdown(f":orange-badge[:material/edit: {what}{kept}]", width="content")
            with st.popover("放弃改动"):
                files = "和选择的文件" if self.chosen else ""
                st.write(f"回到上次保存的内容，这些改动{files}不再保留。")
                st.button("确认放弃", key=f"{self.prefix}discard", on_click=self._discard)
        for words in filter(None, told):
            st.warning(md(words))
        if brought:
            st.caption(md(brought))
        autosave.watch(self.prefix, self.place, self.account, names=self.base)

    def keep(self) -> None:
        """Keep what is typed (自动暂存), first thing in the run a field's change starts; or say why it was not kept.

        Only what was changed here since the last look is written; what another window wrote meanwhile appears here.
        """
        changed = _plain(self.changed)
        try:
            with db.transaction() as session:
                here, now = self._signed_in(session), context.moment(session)
                sent: dict[str, Any] = {"seen": self.kept, "version": _digest(self.base), "actor": here, "now": now}
                there = unsaved.keep(session, self.place, changed, **sent)
        except Refused as refused:
            if refused.code == "gone":  # nobody's any more: what is typed next is kept as something new
                self.gone, self.kept, self.contested = refused.words, {}, []
            else:
                self.told = refused.words
        else:
            self.kept_at, self.told = now, ""
            seen = self.kept
            self._bring(there)
            mine = {name: seen[name] for name in self.contested if name in seen}
            self._seen({name: value for name, value in there.items() if name not in self.contested} | mine)

    def _seen(self, there: Mapping[str, Any]) -> None:
        """Take what lies in the database for seen; of fields that the form has."""
        self.kept, self.awaiting = {name: value for name, value in there.items() if name in self.base}, None

    def _bring(self, there: Mapping[str, Any]) -> bool:
        """Put into the fields what another window kept (别的窗口填写的); those changed here otherwise stay, contested.

        Answers whether anything is not as it stood here.
        """
        changed, other = _plain(self.changed), object()
        theirs = [name for name in self.base if there.get(name, other) != self.kept.get(name, other)]
        differ = [name for name in theirs if there.get(name, other) != changed.get(name, other)]
        mine = {name for name in differ if changed.get(name, other) != self.kept.get(name, other)}
        for name in differ:
            if name not in mine:
                value = _meant(name, there[name]) if name in there else self.base[name]
                if not _same(value, self.value(name)):
                    self.brought.setdefault(name)
                    st.session_state[self.key(name)] = value
        self.contested = [name for name in differ if name in mine]
        return any(name in mine or name in self.brought for name in differ)

    @property
    def _brought(self) -> str:
        return f"别的窗口填写的{self._named(self.brought)}已显示在这里。"

    @property
    def _contested(self) -> str:
        if not self.contested:
            return ""
        told = f"{self._named(self.contested)}在别的窗口也改了，与这里的不同，这里的没有暂存。"
        return f"{told}以这里的为准，请点“保存”；以别的窗口的为准，请刷新页面。"

    def _named(self, names: Iterable[str]) -> str:
        return "、".join(f"“{self.asked[name]}”" for name in names if self.asked.get(name)) or "内容"

    def _alone(self, session: Session, actor: Actor) -> None:
        """Hold what stands here against what lies in the database, before a deed takes it for all that was typed.

        Refused codes: "elsewhere" (another window typed, chose a file, saved or discarded meanwhile): nothing is done;
        both windows' work stands in the fields, for a look, and the next click does it.
        """
        kept, chosen = unsaved.kept(session, self.place, actor=actor), unsaved.chosen(session, self.place, actor=actor)
        there = kept.values if kept else {}
        if self.awaiting is not None:  # not drawn yet: the second click of a double click
            raise Refused(_ELSEWHERE, self._elsewhere)
        more = [each for each in chosen if each.id not in {own.id for own in self.chosen}]
        lost = {own.id for own in self.chosen} - {each.id for each in chosen}
        if lost or (self.kept and kept is None):
            self.gone, self.contested = unsaved.LOST if kept or chosen else unsaved.GONE, []
        elif not self._bring(there) and not more:
            return
        self.brought |= dict.fromkeys(each.field for each in more)
        self.chosen, self.awaiting = chosen, there
        raise Refused(_ELSEWHERE, self._elsewhere)

    @property
    def _elsewhere(self) -> str:
        """What another window did meanwhile, in the words of a refusal."""
        if self.gone:
            return self.gone
        brought = f"别的窗口填写的{self._named(self.brought)}已显示在这里" if self.brought else ""
        named = self._named(self.contested)
        contested = f"{named}在别的窗口也改了，与这里的不同，将以这里的为准" if self.contested else ""
        told = "；".join(filter(None, (brought, contested)))
        return f"还没有办理：{told}。请核对后再点一次；以别的窗口的为准，请刷新页面。"

    def set_aside(self) -> None:
        """Give what is to be a new record a place of its own (另存草稿), so that another new one can be begun.

        Refused codes: "gone".
        """
        if ":new" not in self.place or _ASIDE.search(self.place):
            return
        with db.transaction() as session:
            here = self._signed_in(session)
            taken = unsaved.places(session, here)
            number = next(at for at in itertools.count(1) if f"{self.place}-d{at}" not in taken)
            if self.kept or self.chosen:
                unsaved.move(session, self.place, f"{self.place}-d{number}", actor=here)
        forms = _forms(self.account)
        forms.pop(self.place, None)
        self.place, self.gone, self.brought = f"{self.place}-d{number}", "", {}
        forms[self.place] = self
        address.choose(DRAFT, number)

    def _discard(self) -> None:
        """Discard what was typed (放弃改动): back to what the record has; a copy is one no longer."""
        try:
            with db.transaction() as session:
                here = self._signed_in(session)
                if unsaved.kept(session, self.place, actor=here):
                    self._alone(session, here)
                unsaved.drop(session, self.place, actor=here)
        except Refused as refused:
            if refused.code == _ELSEWHERE:
                say("error", refused.words)
            else:
                self.told = refused.words
            return
        for name, value in self.base.items():
            if self.key(name) in st.session_state:
                st.session_state[self.key(name)] = value
        address.choose("copy", None)
        self._forget()
        self.untaken = {}

    def blaming(self, act: Act[Any], *, rehearsed: bool = False) -> Act[Any]:
        """The deed that saves what is on the form; where it is refused, what is wrong stands beside its fields.

        Refused too, unless it is only `rehearsed`, where another window worked on the same form meanwhile: "elsewhere".
        """

        def acting(session: Session, **who: Unpack[Who]) -> Any:
            if not rehearsed:
                self._alone(session, who["actor"])
            try:
                return act(session, **who)
            except Refused as refused:
                faults = self.in_order(refused.fields)
                self.refused = {name: (words, self._stands(name)) for name, words in faults.items()}
                if len(faults) < 2:
                    raise
                listed = "；".join(faults.values())
                raise Refused(refused.code, f"有{len(faults)}处需要改正：{listed}。", faults) from refused

        return acting

    def in_order(self, faults: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with fields (填写有误), in the order in which the form has them."""
        order = {name: at for at, name in enumerate(self.asked)}
        return dict(sorted(faults.items(), key=lambda fault: order.get(fault[0], len(order))))

    def at(self, refused: Refused) -> list[str]:
        """The keys of the fields that a refusal names, for what takes the hand there."""
        return [self._file_key(name) if name in self.uploads else self.key(name) for name in refused.fields]

    def _forget(self) -> None:
        self.kept, self.kept_at, self.told, self.refused, self.chosen = {}, None, "", {}, []
        self.brought, self.contested, self.gone, self.awaiting, self.followed = {}, [], "", None, None

    def _signed_in(self, session: Session) -> Actor:
        here = context.actor_now(session)
        if here is None or here.account_id != self.account:
            raise Refused("role", "登录已失效，没有自动暂存。请在另一窗口重新登录，再回来继续填写。")
        return here


def form(
    place: str,
    base: Mapping[str, Any],
    *,
    version: int,
    actor: Actor,
    notes: Mapping[str, tuple[str, bool]] | None = None,
    begun: Mapping[str, Any] | None = None,
) -> Form:
    """Open a form (打开表单) of a record, or of a new one; what was typed into it before is in its fields.

    `base`: what the record has by field, as the widgets show it; days under names that end in `_on`. `version`: the
    record's, 0 for a new one. `notes`: what was remarked on a field, and whether it was changed since. `begun`: what
    else a new one begins with where nothing was typed yet, such as what it copies: kept at once, as if it was typed.
    """
    forms = _forms(actor.account_id)
    if ":new" in place and (number := address.chosen(DRAFT)):
        place = f"{place}-d{number}"
    found = forms.get(place)
    if found is None or not any(found.key(name) in st.session_state for name in found.base):
        with db.reading() as session:
            kept, chosen = unsaved.kept(session, place, actor=actor), unsaved.chosen(session, place, actor=actor)
        untaken = found.untaken if found and not base else {}  # it has no fields to be known by
        found = Form(actor.account_id, place, _prefix(place, forms), dict(base), version, untaken=untaken)
        forms[place] = found
        if chosen:
            found.chosen, found.kept_at = chosen, chosen[-1].at
        if kept:
            found.kept_at = kept.at
            found._seen(kept.values)
            found.told = _OVERTAKEN if kept.version != _digest(found.base) else ""
        elif begun:
            for name, value in begun.items():
                st.session_state[found.key(name)] = value
            found.keep()
    elif any(not _same(found.base[name], value) for name, value in base.items()):
        _rebased(found, dict(base))
    found.version, found.notes, found.below = version, notes or {}, {}
    return found


class Sheet:
    """The file of a page that brings in a table (导入的表格): chosen and kept as a form's files are, until it is in.

    Make one at the page's beginning, and one in a button's callback: it is read as it lies in the office now.
    """

    def __init__(self, name: str, actor: Actor) -> None:
        self._form = form(f"{unsaved.SHEET}:{name}", {}, version=0, actor=actor)
        self.upload: Upload | None = None
        """The file itself; None where none is chosen."""
        for each in self._form.of("file"):
            with suppress(Refused), db.reading() as session:  # it was let go in another window just now
                self.upload = unsaved.upload(session, each.id, actor=actor)

    def ask(self, label: str, endings: Iterable[str], **options: Any) -> Upload | None:
        """Draw its uploader, and below it what is chosen, which it answers."""
        self._form.ask_files(st, "file", label, endings, told="已选、尚未导入", **options)
        return self.upload

    def drop(self, session: Session, actor: Actor) -> None:
        """Let it go (导入完毕), in the deed that has brought all of it in."""
        unsaved.drop(session, self._form.place, actor=actor)


@contextmanager
def reads(name: str, codes: Collection[str] = ("file", "headings")) -> Iterator[None]:
    """While a file or pasted rows are taken: what they are refused for stands beside their field as well (上传栏).

    `codes`: refusals that are of what was given. A question about its columns has a place of its own.
    """
    try:
        yield
    except Refused as refused:
        if refused.code in codes and not refused.fields and not isinstance(refused, Asked):
            refused.fields = {name: refused.words}
        raise


def _forms(account: int | None) -> dict[str, Form]:
    """The forms this browser has open, by place; an account's own."""
    forms: dict[str, Form] = st.session_state.setdefault(f"forms-{account}", {})
    return forms


def _prefix(place: str, forms: Mapping[str, Form]) -> str:
    """What the keys of a form's widgets begin with: its place, unless another open form began there."""
    taken = {each.prefix for each in forms.values() if each.place != place}
    name = place.replace(":", "-")
    return next(key for at in range(len(taken) + 1) if (key := f"{name}-{f'{at + 1}-' if at else ''}") not in taken)


def _rebased(form: Form, base: dict[str, Any]) -> None:
    """Somebody else saved the record meanwhile: what was not touched here becomes what it is now."""
    changed = form.changed
    for name in base.keys() - changed.keys():
        if form.key(name) in st.session_state:
            st.session_state[form.key(name)] = base[name]
    form.told = _OVERTAKEN if changed else ""
    form.base = base


def _called(label: str) -> str:
    """What a field is called (名称) in a sentence: its label without mark and unit."""
    return re.sub(r"（.*| \*", "", label)


def _same(one: Any, other: Any) -> bool:
    """Whether two values of a field are the same to a reader: blanks around a text are nothing."""
    if isinstance(one, str) and isinstance(other, str):
        return typed.prose(one) == typed.prose(other)
    return bool(_json(one) == _json(other))


def _digest(base: Mapping[str, Any]) -> int:
    """A number that stands for what a record had when something was typed over it."""
    return zlib.crc32(db.canonical(_plain(base)).encode()) >> 1


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _json(value) for name, value in values.items()}


def _json(value: Any) -> Any:
    """A widget's value as JSON has it."""
    match value:
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case list() | tuple():
            return [_json(each) for each in value]
    return value


def _meant(name: str, value: Any) -> Any:
    """A kept value as its widget has it."""
    return date.fromisoformat(value) if name.endswith("_on") and value else value
