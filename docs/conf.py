"""How Sphinx makes a site of these pages: `make docs`."""

project = "erp_build"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "erp_build"
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
