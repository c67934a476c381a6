"""Masking of known secrets, and of any text in the place of a password."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote

MASK = "•••"

_SHORTEST = 4  # characters; anything shorter would mask ordinary text
_LONGEST_PLAIN = 7  # characters; a piece of lower-case letters of at most this length may be an ordinary word
_ORDINARY_WORD = re.compile(r"[A-Za-z][a-z]{3,9}")
_SHORT_NUMBER = re.compile(r"[0-9]{4,6}")
_MOST_PIECES = 12

# Up to the last @ of what may be one address: a password that is not escaped may hold further ones.
# A text without spaces is gone through once: what a scheme may hold is looked at from its first letter only, and no
# password is longer than this. Else a hundred thousand letters of a server took minutes.
# In an example of an address, the password is "password".
_IN_ADDRESS = re.compile(
    r"(?<![a-z0-9+.-])(?P<scheme>[a-z0-9+.-]+://[^\s:/@]*):(?!password@)[^\s@]{1,1000}@(?:[^\s'\"<>,@]*@)*",
    re.IGNORECASE,
)
_NAMES = ("authorization", "token", "password", "passphrase", "client_secret")
_IN_HEADER = re.compile(
    rf"(?P<name>{'|'.join(_NAMES)})(?P<between>['\"]?\s*[:=]\s*['\"]?)"
    # Not a sentence about it, such as "rabbitmq.password: no such setting".
    r"(?!(?<=: )(?-i:(?!bearer |basic )[a-z]{2,10}[,;]? [a-z]))(?P<kind>bearer |basic )?[^\s'\",}]+",
    re.IGNORECASE,
)
# A token that nobody has told: of JSON (RFC 7519), or after the name of its scheme and not one of words only.
_TOKEN = re.compile(
    r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)*|(?:(?<=\bbearer )|(?<=\bbasic ))(?=[^\s'\"]*\d)[\w.~+/-]{8,}=*", re.IGNORECASE
)
# Whatever `_IN_HEADER` or `_TOKEN` matches holds one of these.
_MARKS = (*_NAMES, "eyj", "bearer ", "basic ")
# Where a parser of addresses cuts what was not escaped, and shows a piece of it.
_CUT = re.compile(r"[/?#@:\[\]\\\s]")
_WORD = re.compile(r"[a-z]+")


def is_ordinary(secret: str) -> bool:
    """Whether a secret may also be an ordinary word or number (guest, focus, 8080).

    It is masked where it can be the secret only: a word where it stands alone, not as a part of a name, of a path or
    of a host with its port; a number in quotes, or where an address has its password.
    """
    return bool(_ORDINARY_WORD.fullmatch(secret) or _SHORT_NUMBER.fullmatch(secret))


class Redactor:
    """Replaces known secrets, and any text in the place of a password in an address or a header."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.credentials: set[str] = set()
        """The credentials that this program itself uses."""
        self._told: set[str] = set()
        self._forms: list[str] = []
        self._literals: list[str] = []  # what `_pieces` looks for, wherever it stands
        self._pieces: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str], *, surroundings: bool = False) -> None:
        """From now on, mask these secrets too, in all their encodings, and in pieces.

        Those of the `surroundings` are no credentials of this program's own. What is shorter than four characters is
        passed over: it would mask ordinary text.
        """
        told = {secret for secret in secrets if len(secret) >= _SHORTEST}
        if not surroundings:
            self.credentials |= told
        if told <= self._told:
            return
        self._told |= told
        forms = {form for secret in self._told for form in _forms(secret) if len(form.strip()) >= _SHORTEST}
        ordinary = set(filter(is_ordinary, forms))
        # The longest first: one secret may hold another.
        self._forms = sorted(forms - ordinary, key=len, reverse=True)
        pieces = sorted({piece for secret in self._told for piece in _pieces(secret)}, key=len, reverse=True)
        self._literals = [*pieces, *ordinary]
        patterns = [*map(_standing_alone, pieces), *map(_in_its_place, sorted(ordinary))]
        self._pieces = re.compile("|".join(patterns)) if patterns else None

    def __call__(self, text: str) -> str:
        """The text with every secret masked."""
        for form in self._forms:
            text = text.replace(form, MASK)
        # A search by a pattern costs as much as a hundred for a plain text: first look for what every match holds.
        if "://" in text:
            text = _IN_ADDRESS.sub(rf"\g<scheme>:{MASK}@", text)
        if self._pieces is not None and any(literal in text for literal in self._literals):
            text = self._pieces.sub(MASK, text)
        if _may_name_a_secret(text):
            text = _TOKEN.sub(MASK, _IN_HEADER.sub(rf"\g<name>\g<between>\g<kind>{MASK}", text))
        return text


def _may_name_a_secret(text: str) -> bool:
    """Whether `_IN_HEADER` or `_TOKEN` may match; always where a letter may be another one in another case (long s)."""
    if not text.isascii():
        return True
    lower = text.lower()
    return any(mark in lower for mark in _MARKS)


def _forms(secret: str) -> Iterator[str]:
    """The encodings of a secret as a whole, and of the parts into which an address may be cut."""
    for text in {secret, unquote(secret), *(line for line in secret.splitlines() if len(line) > 2 * _SHORTEST)}:
        yield from (text, ascii(text)[1:-1], repr(text)[1:-1])
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        yield from (html.escape(text), html.escape(text, quote=False), html.escape(text).replace("&#x27;", "&#39;"))
        for encoding in ("utf-8", "latin-1"):
            try:
                octets = text.encode(encoding)
            except UnicodeEncodeError:  # a surrogate of a byte that is no text, or a sign that latin-1 does not have
                continue
            yield octets.decode("latin-1")
            for escaped in (quote(octets, safe=""), quote(octets), quote_plus(octets)):
                yield from (escaped, re.sub("%..", lambda found: found[0].lower(), escaped))
            yield from (base64.b64encode(octets).decode(), base64.urlsafe_b64encode(octets).decode())
        yield from _stretches(text)


def _stretches(secret: str) -> Iterator[str]:
    """The parts of a secret from one cut to another with a cut between; they are not ordinary words."""
    ends = [*(cut.start() for cut in _CUT.finditer(secret)), len(secret)][:_MOST_PIECES]
    starts = [0, *(end + 1 for end in ends[:-1])]
    for number, start in enumerate(starts):
        for end in ends[number + 1 :]:
            yield secret[start:end]


def _pieces(secret: str) -> Iterator[str]:
    """The parts of a secret between two cuts, where it has any."""
    for text in (secret, unquote(secret)):
        pieces = _CUT.split(text)
        if len(pieces) > 1:
            yield from (piece for piece in pieces if len(piece) >= _SHORTEST - 1)


def _standing_alone(piece: str) -> str:
    """A pattern for a piece of a secret: as a word of its own, an ordinary word only between signs."""
    if len(piece) < _SHORTEST or (_WORD.fullmatch(piece) and len(piece) <= _LONGEST_PLAIN):
        return rf"(?<=[:/?#@\['\"]){re.escape(piece)}(?=[:/?#@\]'\"])"
    return rf"(?<!\w){re.escape(piece)}(?!\w)"


def _in_its_place(ordinary: str) -> str:
    """A pattern for a secret that may be an ordinary word or number, see `is_ordinary`."""
    if _SHORT_NUMBER.fullmatch(ordinary):
        return rf"(?<=:){ordinary}(?=@)|(?<=['\"]){ordinary}(?=['\"])"
    # After \n, \r and \t as JSON and Python write them, a word begins.
    return rf"(?:(?<=\\[nrt])|(?<!\w)(?<!\w[-./])(?<!//)){ordinary}(?!\w|[-./]\w|:\d)"


redact = Redactor()
"""The process's own. One for all, like the handlers of `logging`: an error may be shown from anywhere, also by behave,
which takes the text of an exception as it is."""
