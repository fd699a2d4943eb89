"""Text as LaTeX prints it: exactly as typed."""

import unicodedata

ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": r"{[}",  # would be the option of a line break before it
    "]": r"{]}",
    "*": r"{*}",
    "-": r"{-}",  # two would join to a dash
    "\u2018": r"\textquoteleft{}",  # two would join to double quotes
    "\u2019": r"\textquoteright{}",
    ",": r"{,}",  # two would join to a quotation mark
}
"""What LaTeX would not print as typed, and what it prints in that way."""


class Tex(str):
    """LaTeX source; every other text is escaped before it reaches the document."""


def escape(text: str) -> Tex:
    """Escape a text so that LaTeX prints it as typed.

    Parameters
    ----------
    text : str
        On one line, or several, which run together.
    """
    text = unicodedata.normalize("NFC", text)
    return Tex("".join(ESCAPES.get(character, character) for character in text))
