"""The site of ``make docs``: the Markdown pages as they are, and the interface from its docstrings."""

from stance import __version__

project = "stance"
author = "The stance authors"
project_copyright = "The stance authors, Apache-2.0"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
highlight_language = "none"  # of blocks that name none: trees and diagrams
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"stance {release}"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
myst_heading_anchors = 3  # links such as scaling.md#ray
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_numpy_docstring = False
