"""The main script (入口), which Streamlit runs anew at every rerun: what can stay between two runs stands elsewhere."""

from web import screens

screens.main()
