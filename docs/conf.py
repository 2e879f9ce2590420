"""How the pages are built: make docs."""

import sklstm

project = "sklstm"
copyright = "2026, The sklstm developers"  # noqa: A001 - the name is Sphinx's
version = release = sklstm.__version__
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
autodoc_typehints = "none"
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": project, "page_width": "1080px"}
