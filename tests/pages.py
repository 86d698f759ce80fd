"""The Markdown pages of the project: their code blocks, and where their links lead."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A code block; ``reason`` says why it is not to be run, and is empty where it is."""

    page: str
    line: int
    heading: str
    language: str
    text: str
    reason: str

    @property
    def where(self):
        return f"{self.page}:{self.line}"


def blocks(path):
    """The code blocks of a page, in order; ``<!-- not run: … -->`` may stand on the line before one."""
    lines = path.read_text(encoding="utf-8").split("\n")
    found, heading, start = [], "", None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            heading = line.lstrip("#").strip() if start is None and line.startswith("#") else heading
        elif start is None:
            start = number
        else:
            reason = _NOT_RUN.fullmatch(lines[start - 1])
            text = "".join(f"{one}\n" for one in lines[start + 1 : number])
            where = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
            found.append(Block(where, start + 1, heading, lines[start][3:], text, reason[1] if reason else ""))
            start = None
    if start is not None:
        raise ValueError(f"{path}:{start + 1}: a code block without an end")
    return found


def commands(text):
    """Each command after ``$`` in a console block, with the lines that stand below it as what it prints."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            raise ValueError(f"{line!r}: a console block must begin with a command after $")
    return found


def links(path):
    """The links of a page that lead to other files or to a heading."""
    text = re.sub(r"`[^`\n]*`", "", _outside_blocks(path))
    return [link for link in _LINK.findall(text) if not re.match(r"[a-z]+:", link)]


def anchors(path):
    """The anchors of a page's headings, as GitHub and MyST make them."""
    titles = re.findall(r"^#+ (.+)$", _outside_blocks(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def _outside_blocks(path):
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
