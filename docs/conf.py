"""How Sphinx makes the guide of the pages in this folder: for script/guide, and for the build of the wheel.

The pages are Markdown that reads well where they stand, too. Links to files outside this folder, such as the
configuration of nginx, become downloads.
"""

import re
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "bms"

project = "BMS"
# Read, not imported: the build of the wheel has no BMS installed.
release = re.findall(r'^__version__ = "(.+)"$', (PACKAGE / "__init__.py").read_text(), re.MULTILINE)[0]
extensions = ["myst_parser"]
root_doc = "index"
# Dead names are errors, save of what is code and not a page.
nitpicky = True
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
# Blocks of settings, logs and SQL for two servers are more than their lexers know.
suppress_warnings = ["misc.highlighting_failure"]
highlight_language = "text"
pygments_style = "bw"

html_theme = "bms"
html_theme_path = [str(HERE / "_theme")]
# The site's own style, from the one file that there is of it.
html_static_path = [str(PACKAGE / "web" / "static" / name) for name in ("base.css", "icon.svg")]
html_css_files = ["base.css", "guide.css"]
html_title = "BMS"
html_use_index = False
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_permalinks = False
