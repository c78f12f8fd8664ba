"""
Bytes to text as a mail program would read them, whatever the label says.

Only codecs of a fixed table are used: Python's registry also knows ``zip``, ``punycode`` or
``unicode_escape``, which are no charsets, and it imports modules by an attacker's name.
As in browsers (WHATWG Encoding) a label stands for the superset that is used in its name:
ISO-8859-1 for windows-1252, GB2312 for GB18030.
"""

from __future__ import annotations

import codecs
import re
from encodings.aliases import aliases

SUPERSETS = {
    "ascii": "cp1252",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
CODECS = frozenset(
    {
        *("utf_8", "utf_7", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le"),
        *("utf_32_be", "big5", "big5hkscs", "cp949", "cp932", "gb18030", "hz", "euc_jp"),
        *("iso2022_jp", "iso2022_jp_2", "iso2022_kr", "koi8_r", "koi8_u", "mac_roman"),
        *("mac_cyrillic", "cp437", "cp850", "cp852", "cp866", "cp874", "cp1250", "cp1251"),
        *("cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "iso8859_2"),
        *("iso8859_3", "iso8859_4", "iso8859_5", "iso8859_6", "iso8859_7", "iso8859_8"),
        *("iso8859_10", "iso8859_13", "iso8859_14", "iso8859_15", "iso8859_16"),
    }
)
EXTRA_LABELS = {
    "ks_c_5601_1987": "cp949",
    "cp_850": "cp850",
    "x_sjis": "cp932",
    "unicode_1_1_utf_7": "utf_7",
    "utf8mb4": "utf_8",
    "iso_8859_8_i": "iso8859_8",
    "unicode": "utf_16",
}
MARKS_OF_ORDER = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,8}=\s{0,8}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
META_BYTES = 1024


def preload() -> None:
    """Have every codec loaded, so that a process that may open no file can use them all."""
    for codec in sorted(CODECS):
        codecs.lookup(codec)


def codec_of(label: str) -> str:
    """
    Give the codec for a charset label, ``""`` when it is none that we use.

    >>> codec_of("ISO-8859-1"), codec_of(" 'UTF8' "), codec_of("unicode_escape")
    ('cp1252', 'utf_8', '')
    """
    name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    name = EXTRA_LABELS.get(name) or aliases.get(name, name)
    name = SUPERSETS.get(name, name)
    return name if name in CODECS else ""


def declared_in_html(data: bytes) -> str:
    """Give the charset that a ``<meta>`` in the first kilobyte names, or ``""``."""
    found = META.search(data[:META_BYTES])
    return found[1].decode("ascii", "replace") if found else ""


def text_of(data: bytes, label: str) -> str:
    """
    Decode; never fails.

    A byte order mark wins, then a label that we know, then UTF-8 if it is valid, and
    windows-1252 takes the rest.  The text has no lone surrogates.
    """
    for mark, codec in MARKS_OF_ORDER:
        if data.startswith(mark):
            return _clean(data[len(mark) :].decode(codec, "replace"))
    codec = codec_of(label)
    if codec:
        return _clean(data.decode(codec, "replace"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _clean(text: str) -> str:
    # UTF-7 may spell half of a surrogate pair, which no JSON can carry.
    return text.encode("utf-8", "replace").decode("utf-8")
