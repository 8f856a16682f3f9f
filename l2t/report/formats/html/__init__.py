"""A report as one HTML file that needs nothing else: no network, no other file, no JavaScript to be read.

`page` puts together what `tables`, `grids` and `runs` draw; `style.css`, `sort.js` and `page.html` are data of the
package.
"""

from l2t.report.formats.html.page import Figure, render

__all__ = ["Figure", "render"]
