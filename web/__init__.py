"""The screens' shared rooms: page table and sign-in, what pages have in common, HTTP beside them.

The main script lives here and not beside `pages/`, because Streamlit serves a neighbouring `pages/` folder by URL
without running the main script first; from here it cannot.
"""
