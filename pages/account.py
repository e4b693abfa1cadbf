"""One's own account: who I am here, and a new password."""

import streamlit as st

from web import passwords, second_factor, shell
from web.facts import facts

actor = shell.require()
shell.page("我的账号", "修改密码后，所有浏览器都须重新登录。")
facts([("姓名", actor.name), ("角色", actor.role.label), ("机构", actor.organization_name)])
st.subheader("修改密码", anchor=False)
passwords.password_form()
st.subheader("动态口令", anchor=False)
second_factor.own()
