"""The people of a jurisdiction or an employer, with what each lacks; the record of the one that is opened."""

import streamlit as st

from core.ground.access import Refused, Role
from core.people import persons
from web import shell
from web.people import listing, record
from web.words import md

actor = shell.require(*(role for role in persons.LOOKERS if role is not Role.PERSON))
clerk = actor.role is Role.EMPLOYER_CLERK
shell.page("本单位人员" if clerk else "人员", "谁在哪个年度还差多少学时，对照本人所在盟市或自治区当年通知的要求。")
person_id = listing.chosen(actor)
if person_id is not None:
    try:
        record.one(person_id, actor)
    except Refused as refused:
        st.error(md(refused.words))
