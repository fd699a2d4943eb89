"""Text as LaTeX prints it: exactly as typed."""

import unicodedata

ESCAPES = {
    **{each: f"\\{each}" for each in "{}$&#%_"},
    # would join to dashes and quotation marks, or be the option of a line break
    **{each: f"{{{each}}}" for each in "-,[]*"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "\u2018": r"\textquoteleft{}",  # two would join to double quotes
    "\u2019": r"\textquoteright{}",
}
"""What LaTeX would not print as typed, and what it prints in that way."""

ACCENTS = {
    "\u031b": r"\horn",
    "\u0302": r"\^",
    "\u0306": r"\u",
    "\u0308": r"\"",
    "\u0300": r"\`",
    "\u0301": r"\'",
    "\u0303": r"\~",
    "\u0304": r"\=",
    "\u0307": r"\.",
    "\u0309": r"\hookabove",
    "\u030a": r"\r",
    "\u030b": r"\H",
    "\u030c": r"\v",
    "\u0323": r"\d",
    "\u0326": r"\textcommabelow",
    "\u0327": r"\c",
    "\u0328": r"\k",
    "\u0331": r"\b",
}
"""What puts a combining accent on a letter; the inner ones first."""


class Tex(str):
    """LaTeX source; every other text is escaped before it reaches the document."""


def accented(character: str) -> str:
    """Put the accents on a letter that the font has only without them."""
    letter, *accents = list(unicodedata.normalize("NFD", character))
    if character <= "\u017f" or not accents:
        return character
    if letter == "i" and accents != ["\u0323"]:
        letter = r"\i"
    for accent in sorted(accents, key=list(ACCENTS).index):
        letter = f"{ACCENTS[accent]}{{{letter}}}"
    return letter


def escape(text: str) -> Tex:
    """Escape a text so that LaTeX prints it as typed.

    Parameters
    ----------
    text : str
        On one line, or several, which run together.
    """
    text = unicodedata.normalize("NFC", text)
    return Tex("".join(ESCAPES.get(each) or accented(each) for each in text))
