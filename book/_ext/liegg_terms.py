"""{term}`drift` in prose shows the first sentence of its definition in the glossary, where it is pointed at.

By mouse and by keyboard (book/_static/terms.css), and by touch before the link is followed (book/_static/terms.js). A
screen reader has it as the description of the link. Without either, in print for one, the link is left.
"""

import re
from html import escape

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


class DefinedTerm(nodes.reference):
    """A link to a term, with `definition`, what is shown beside it, and `shown_as`, the id of that."""


def define(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give every link to a term its definition."""
    links = [node.parent for node in doctree.findall(nodes.inline) if "std-term" in node["classes"]]
    known = definitions(app.env) if links else {}
    for number, link in enumerate(links):
        if isinstance(link, nodes.reference):
            anchor = link.get("refid") or link["refuri"].rpartition("#")[2]
            more = {"definition": known[anchor], "shown_as": f"definition-{number}"}
            link.replace_self(DefinedTerm("", "", *link.children, **link.attributes, **more))


def definitions(env: BuildEnvironment) -> dict[str, str]:
    """The first sentence of every definition, by the anchor of its terms."""
    pages = {page for (kind, _), (page, _) in env.domaindata["std"]["objects"].items() if kind == "term"}
    glossaries = [found for page in pages for found in env.get_doctree(page).findall(addnodes.glossary)]
    return {
        anchor: first_sentence(item.next_node(nodes.definition).next_node(nodes.paragraph).astext())
        for glossary in glossaries
        for item in glossary.findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        for anchor in term["ids"]
    }


def first_sentence(words: str) -> str:
    return re.split(r"(?<=\.)\s", " ".join(words.split()), maxsplit=1)[0]


def visit(self, node: DefinedTerm) -> None:
    self.body.append('<span class="glossary-term">')
    self.visit_reference(node)
    self.body[-1] = self.body[-1].replace("<a ", f'<a aria-describedby="{node["shown_as"]}" ', 1)


def depart(self, node: DefinedTerm) -> None:
    self.depart_reference(node)
    self.body.append(f'<span class="glossary-definition" role="tooltip" id="{node["shown_as"]}">')
    self.body.append(f"{escape(node['definition'])}</span></span>")


def setup(app: Sphinx) -> dict:
    app.add_node(DefinedTerm, html=(visit, depart))
    app.connect("doctree-resolved", define)
    app.add_css_file("terms.css")
    app.add_js_file("terms.js")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
