"""Sphinx: `python -m sphinx -W docs work_dirs/docs` builds the pages."""
import re

import mmpose_thermal

project = 'mmpose_thermal'
version = release = mmpose_thermal.__version__
extensions = [
    'myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon',
    'sphinx.ext.viewcode'
]
myst_enable_extensions = ['colon_fence']
myst_heading_anchors = 3
html_theme = 'furo'
autodoc_member_order = 'bysource'
autodoc_typehints = 'none'  # the docstrings have them
napoleon_use_rtype = False
napoleon_use_ivar = True  # fields of named tuples are documented as they are
# Bases that live in other projects have no page here.
nitpicky = False


def link_out_of_docs(app, docname, source):
    """Files beside docs/ have no page: their names stay, as code."""
    source[0] = re.sub(r'\[([^\]]+)\]\((?:\.\./)+(?:configs|tools|tests|mmpose_thermal|'
                       r'README)[^)]*\)', r'`\1`', source[0])


def setup(app):
    app.connect('source-read', link_out_of_docs)
