"""Text from users and files, made safe for a terminal."""

import unicodedata


def printable(text: str) -> str:
    r"""`text` with every character that could steer a terminal written as an escape (`\x1b`, `\u202e`).

    Escaped are control characters (newline and tab too), invisible format characters such as the bidirectional
    overrides, line and paragraph separators, and the surrogates that stand for bytes of an invalid file name.
    """
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        else character
        for character in text
    )
