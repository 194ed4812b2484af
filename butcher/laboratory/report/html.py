"""A document as one HTML file that needs no other: style and pictures are inside, no scripts."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from butcher.laboratory.report.document import Document, Heading, Listing, Paragraph, Part, Picture
from butcher.laboratory.table import Table, said

STYLE = """\
body { font: 16px/1.5 Georgia, "Times New Roman", serif; color: #1a1a1a; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; font-weight: 600; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
thead th { border-top: 2px solid; border-bottom: 1px solid; text-align: right; }
tbody tr:last-child td { border-bottom: 2px solid; }
th, td { padding: 0.2rem 0.7rem; text-align: right; vertical-align: top; }
th.text, td.text { text-align: left; }
.wide { overflow-x: auto; }
.note { font-size: 0.85rem; color: #444; margin: 0.3rem 0; }
figure { margin: 1.5rem 0; }
figure img { max-width: 100%; }
figcaption { font-size: 0.85rem; color: #444; }
pre { font: 13px/1.4 ui-monospace, Menlo, Consolas, monospace; background: #f6f6f4;
  padding: 0.8rem; overflow-x: auto; }
summary { cursor: pointer; }
@media print { body { margin: 0; max-width: none; } details > pre { white-space: pre-wrap; } }
"""


def html(document: Document) -> str:
    """The file's text. What stands in a document is text: it is escaped, none of it is markup."""
    title = escape(document.title)
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>",
        f"<style>\n{STYLE}</style>",
        f"<h1>{title}</h1>",
        *(_part(part) for part in document.parts),
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _part(part: Part) -> str:
    match part:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Listing(summary, text):
            lines = f"<pre>{escape(text)}</pre>"
            return f"<details><summary>{escape(summary)}</summary>{lines}</details>"
        case Picture(_, caption, svg):
            data, about = b64encode(svg).decode("ascii"), escape(caption)
            image = f'<img src="data:image/svg+xml;base64,{data}" alt="{about}">'
            return f"<figure>{image}<figcaption>{about}</figcaption></figure>"
        case Table():
            return _table(part)


def _table(table: Table) -> str:
    kinds = ["text" if table.is_text(i) else "" for i in range(len(table.heads))]
    lines = [f"<h3>{escape(table.title)}</h3>", '<div class="wide"><table>', "<thead><tr>"]
    lines += [_cell("th", head, kind) for head, kind in zip(table.heads, kinds, strict=True)]
    lines += ["</tr></thead>", "<tbody>"]
    for row in table.rows:
        cells = (_cell("td", said(c), kind) for c, kind in zip(row, kinds, strict=True))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    lines += ["</tbody></table></div>"]
    lines += [f'<p class="note">{escape(note)}</p>' for note in table.notes]
    return "\n".join(lines)


def _cell(tag: str, text: str, kind: str) -> str:
    mark = f' class="{kind}"' if kind else ""
    return f"<{tag}{mark}>{escape(text)}</{tag}>"
