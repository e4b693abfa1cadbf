"""Administrators decide what their office prints on cards: words, images, paper; with a sample drawn beside."""

from typing import Any, Unpack

import streamlit as st
from sqlalchemy.orm import Session

from core.ground import db, drawing
from core.ground.access import Refused, Role
from core.office import unsaved
from core.records import templates, tokens
from core.records.faces import Look, Size
from core.records.templates import TemplateFields
from core.trail.files import Upload
from web import context, deeds, drafts, shell, tables
from web.deeds import Who
from web.words import md

actor = shell.require(Role.ADMIN)
shell.page("审验卡样式", "本机关出具的审验卡印什么标题、说明和图案，用什么纸。发布后出具的用新样式，已出具的不变。")
from_version = st.session_state.get("template-images")
with db.reading() as session:
    now = templates.current(session, actor.organization_id)
    history = templates.versions(session, actor)
    images = templates.version(session, from_version, actor) if from_version else now.look
base = {
    "title": now.look.title,
    "wording": now.look.wording,
    "mongolian": now.look.mongolian,
    "sizes": [size.value for size in now.look.sizes],
    "seal_area": now.look.seal_area,
    "entries": now.look.entries,
}
form = drafts.form(f"cardtemplate:{actor.organization_id}", base, version=now.version, actor=actor)


def image(name: str, label: str, kept: bytes | None) -> bytes | None:
    """An image to be printed: the one in use, another, or none. What cannot be taken is said beside it."""
    given = st.file_uploader(label, ["png", "jpg", "jpeg"], key=f"template-{name}", max_upload_size=1)
    if given:
        try:
            return templates.picture(Upload(given.name, given.getvalue()))
        except Refused as refused:
            st.error(md(refused.words))
    if kept is None:
        return None
    return None if st.checkbox(f"不再使用现有的{label.partition('（')[0]}", key=f"template-{name}-none") else kept


def typed() -> TemplateFields:
    values: dict[str, Any] = dict(form.values)
    return TemplateFields(**values | {"sizes": [Size(code) for code in values["sizes"]]})


def publish(logo: bytes | None, seal: bytes | None) -> None:
    def act(session: Session, **who: Unpack[Who]) -> str:
        made = templates.publish(session, typed(), logo=logo, seal=seal, version=now.version, **who)
        unsaved.drop(session, form.place, actor=who["actor"])
        return f"审验卡样式第{made.version}版已发布，此后出具的审验卡用这一版，已出具的不变。"

    if deeds.deed(form.blaming(act), "card-template", now.version, str(typed()), hash((logo, seal))):
        form.saved(form.place, now.version + 1)
        st.session_state.pop("template-images", None)


def begin_from(number: int) -> None:
    """Put an earlier version into the form, its images as well."""
    look = deeds.answer(lambda session, who: templates.version(session, number, who))
    if isinstance(look, Look):
        for name in ("title", "wording", "mongolian", "seal_area", "entries"):
            st.session_state[form.key(name)] = getattr(look, name)
        st.session_state[form.key("sizes")] = [size.value for size in look.sizes]
        st.session_state["template-images"] = number
        form.keep()


left, right = st.columns([2, 3], gap="large")
with left:
    form.ask(st.text_input, "title", "标题 *", max_chars=templates.LONGEST["title"])
    form.ask(st.text_area, "wording", "说明", height=90, max_chars=templates.LONGEST["wording"])
    form.ask(
        st.text_input,
        "mongolian",
        "蒙古文（可不填）",
        max_chars=templates.LONGEST["mongolian"],
        help="请粘贴单位核对过的传统蒙古文，印在卡的左侧，竖排连写",
    )
    form.ask(
        st.multiselect,
        "sizes",
        "可用的纸张 *",
        [size.value for size in Size],
        format_func=lambda code: Size(code).label.partition("（")[0],  # three stand side by side
        placeholder="选择纸张",
        help="半张A4是A5横向，卡片是85.6×54毫米、正反两面；排在最前的为常用纸张",
    )
    form.ask(st.checkbox, "entries", "列出每笔学时（卡片大小的不列）")
    form.ask(st.checkbox, "seal_area", "留出盖章处")
    logo = image("logo", "单位标志（PNG或JPEG，不超过1MB）", images.logo)
    seal = image("seal", "印章图案（PNG或JPEG，一般不用，盖实体章即可）", images.seal)
    if from_version:
        st.caption(f"标志和印章图案用第{from_version}版的，没有的不印。")
    form.mark()
    st.button("发布样式", type="primary", on_click=publish, args=(logo, seal))
    if not now.version:
        st.caption(f"本机关还没有自己的样式，现用{'自治区' if now.id else '系统自带'}的样式。")
with right:
    if not context.known().address:
        shell.without_address("审验卡")
    size = st.segmented_control(
        "样张", list(Size), default=Size.HALF, required=True, key="template-size", format_func=lambda each: each.label
    )
    try:
        look = templates.look(typed(), logo=logo, seal=seal)
        drawn = templates.sample(
            look,
            Size(size),
            office=actor.organization_name,
            league=actor.league,
            year=context.today().year,
            verify_url=tokens.place(context.known().address, "SAMPLE"),
        )
        for number, picture in enumerate(drawing.of_ours(drawn, dots=220 if size == Size.CARD else 110), start=1):
            with st.container(border=True):
                st.image(picture, caption=f"样张第{number}页，人员和内容都是虚构的", width="content")
    except Refused as refused:
        st.error(md(refused.words))
if not history.empty:
    with st.expander(f"历次版本（{len(history)}版）"):
        shown = history.rename(
            columns={"version": "template_version", "title": "template_title", "cards": "cards_issued"}
        )
        tables.table(shown, ["template_version", "template_title", "account_name", "at", "cards_issued"], empty="")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            numbers = [int(number) for number in history["version"]]
            chosen = st.selectbox(
                "版本", numbers, format_func=lambda number: f"第{number}版", key="template-from", required=True
            )
            st.button("以此版为底稿", on_click=begin_from, args=(chosen,))
