"""What a file really is, whatever it is called: sniffed from its bytes; refused where nothing can be done with it."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import msoffcrypto
from msoffcrypto.exceptions import FileFormatError

from salesops_desktop.model.errors import InputRefusedError, PasswordNeededError
from salesops_desktop.sheets.reading.limits import (
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    MAX_UNPACKED_BYTES,
    RATIO_LIMIT,
    RATIO_MATTERS_ABOVE,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
_DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105  # Excel's own password for workbooks that are only write-protected
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"{\\rtf", "a rich text document"),
)
_ENDINGS = {
    "xlsx": {".xlsx", ".xltx"},
    "xlsm": {".xlsm", ".xltm", ".xlam"},
    "xlsb": {".xlsb"},
    "xls": {".xls", ".xlt", ".xlw"},
    "ods": {".ods", ".ots"},
    "text": {".csv", ".tsv", ".txt", ".tab", ".dat", ".asc", ".psv", ".prn", ".ssv"},
}
_ALL_ENDINGS = frozenset().union(*_ENDINGS.values())


@dataclass(frozen=True, slots=True)
class Container:
    """A file's true format and its (decrypted) bytes."""

    path: Path
    format: str
    """xlsx, xlsm, xlsb, xls, ods or text."""
    data: bytes | None = None
    """The bytes where they had to be decrypted; None: read the path."""
    decrypted: bool = False

    def open(self) -> BinaryIO:
        """The file's bytes from the start."""
        return BytesIO(self.data) if self.data is not None else self.path.open("rb")

    @property
    def expected_ending(self) -> bool:
        """Whether the name's ending suits the format."""
        return self.path.suffix.lower() in _ENDINGS[self.format]


def open_container(path: Path, password: str | None = None) -> Container:
    """Find out what a file is and decrypt it where needed.

    Raises:
        InputRefusedError: nothing that can be read.
        PasswordNeededError: encrypted, and the password is missing or wrong.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(8192)
    except OSError as error:
        raise InputRefusedError(
            f"The file cannot be opened: {error.strerror}.", where=path.name, way_out="Check that it is still there."
        ) from None
    if path.name.startswith("~$") or (size in (54, 108, 165, 171) and 0 < head[0] < 32 and b"    " in head):
        raise InputRefusedError(
            "The file is the lock that Excel keeps beside an open workbook.",
            where=path.name,
            way_out="Choose the workbook itself, whose name has no ~$.",
        )
    if size == 0:
        raise InputRefusedError("The file is empty (0 bytes).", where=path.name, way_out="Export it again.")
    if size > MAX_FILE_BYTES:
        raise InputRefusedError(
            f"The file has {size / 1e9:.1f} GB; {MAX_FILE_BYTES / 1e9:.0f} GB can be read.",
            where=path.name,
            way_out="Split it, or export a shorter period.",
        )
    if head.startswith(OLE):
        return _ole(path, password)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return Container(path, _zip_format(path.name, path.open("rb")))
    if head.startswith(_BIFF):
        return Container(path, "xls")
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise InputRefusedError(f"The file is {what}.", where=path.name, way_out="Export it as .xlsx or .csv.")
    _refuse_markup(path.name, head)
    if path.suffix.lower() not in _ALL_ENDINGS:
        raise InputRefusedError(
            "The file is no spreadsheet, and its name does not end as that of a text table does.",
            where=path.name,
            way_out="If it is a table, give it a name that ends in .csv.",
        )
    return Container(path, "text")


def _refuse_markup(name: str, head: bytes) -> None:
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").replace(b"\0", b"").lower()
    what = ""
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta", b"<body")):
        what = "a web page (some systems call such a page .xls)"
    elif text.startswith((b"<?xml", b"<workbook", b"<office:")):
        if b"opendocument" in text:
            what = "a flat OpenDocument spreadsheet (.fods)"
        elif b"schemas-microsoft-com:office:spreadsheet" in text:
            what = "an Excel 2003 XML spreadsheet"
        else:
            what = "an XML document"
    elif re.match(rb"id;p[^\r\n]*\r?\n[a-z];", text):
        what = "a SYLK spreadsheet"
    elif text.startswith((b"mime-version:", b"from: <saved by")):
        what = "a web archive"
    elif re.match(rb"\{\s*(?:\"|\}\s*$)|\[\s*[{\[]", text):
        what = "a JSON document"
    elif text.startswith((b"begin:vcard", b"begin:vcalendar")):
        what = "an address card or a calendar"
    elif text.startswith(b"version https://git-lfs"):
        what = "a pointer to a file kept elsewhere (git-lfs)"
    if what:
        raise InputRefusedError(
            f"The file is {what}, which is not read.",
            where=name,
            way_out="Export the table as .xlsx or .csv, or open the file in Excel and save it as .xlsx.",
        )


def _zip_format(name: str, stream: BinaryIO) -> str:
    damaged = InputRefusedError(
        "The file is damaged or incomplete.", where=name, way_out="Download or export it again."
    )
    with stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                names = {entry.filename.replace("\\", "/").lstrip("/").lower() for entry in archive.infolist()}
                infos = archive.infolist()
                mimetype = archive.read("mimetype")[:100].decode("latin-1") if "mimetype" in names else ""
                manifest = archive.read("META-INF/manifest.xml") if "meta-inf/manifest.xml" in names else b""
        except (zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError):
            raise damaged from None
    _refuse_bombs(name, infos)
    if "opendocument.spreadsheet" in mimetype or (not mimetype and "content.xml" in names):
        if b"encryption-data" in manifest:
            raise InputRefusedError(
                "The OpenDocument spreadsheet is protected with a password.",
                where=name,
                way_out="Open it in LibreOffice and save it without a password, or as .xlsx.",
            )
        return "ods"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(n.startswith("xl/") or n.endswith("workbook.xml") for n in names):
        return "xlsm" if "xl/vbaproject.bin" in names else "xlsx"
    if "[content_types].xml" in names and not any(n.startswith(("word/", "ppt/")) for n in names):
        return "xlsx"
    raise InputRefusedError(
        "The file is an archive without a workbook inside.", where=name, way_out="Unpack it and import what is in it."
    )


def _refuse_bombs(name: str, infos: list[zipfile.ZipInfo]) -> None:
    way_out = "Open it in Excel and save it anew if you trust where it comes from."
    if len(infos) > MAX_ENTRIES:
        raise InputRefusedError(f"The workbook consists of {len(infos):,} parts.", where=name, way_out=way_out)
    total = sum(info.file_size for info in infos)
    if total > MAX_UNPACKED_BYTES:
        raise InputRefusedError(
            f"The workbook unpacks to {total / 1e9:.1f} GB; {MAX_UNPACKED_BYTES / 1e9:.1f} GB can be read.",
            where=name,
            way_out="Save the sheet as .csv and import that.",
        )
    for info in infos:
        if info.file_size > RATIO_MATTERS_ABOVE and info.file_size > RATIO_LIMIT * max(info.compress_size, 1):
            raise InputRefusedError(
                f"A part of the workbook unpacks to {info.file_size // max(info.compress_size, 1)} times its size, "
                "as archives made to harm do.",
                where=name,
                way_out=way_out,
            )


def _ole(path: Path, password: str | None) -> Container:
    data = path.read_bytes()
    encrypted_package = "EncryptedPackage".encode("utf-16-le") in data
    book = "Workbook".encode("utf-16-le") in data or "Book".encode("utf-16-le") in data
    if not encrypted_package and not book:
        raise InputRefusedError(
            "The file is an old Office file, but no workbook.", where=path.name, way_out="Export it as .xlsx or .csv."
        )
    try:
        office = msoffcrypto.OfficeFile(BytesIO(data))
        encrypted = bool(office.is_encrypted())
    except Exception:  # noqa: BLE001  # a damaged workbook may still be readable
        if encrypted_package:
            raise InputRefusedError(
                "The workbook is encrypted in a way that cannot be read.",
                where=path.name,
                way_out="Open it in Excel and save it without a password.",
            ) from None
        return Container(path, "xls")
    if not encrypted:
        return Container(path, "xls")
    plain = _decrypt(office, password, path.name)
    if plain.startswith(b"PK"):
        return Container(path, _zip_format(path.name, BytesIO(plain)), plain, decrypted=True)
    return Container(path, "xls", plain, decrypted=True)


def _decrypt(office: object, password: str | None, name: str) -> bytes:
    for candidate in (password, _DEFAULT_PASSWORD):
        if candidate is None:
            continue
        plain = BytesIO()
        try:
            office.load_key(password=candidate)  # type: ignore[attr-defined]  # the library is untyped
            office.decrypt(plain)  # type: ignore[attr-defined]
        except FileFormatError:
            continue
        except Exception:  # noqa: BLE001, S112  # a wrong password shows in many ways
            continue
        return plain.getvalue()
    if password is None:
        raise PasswordNeededError(
            "The workbook is protected with a password.", where=name, way_out="Enter the password to read it."
        )
    raise PasswordNeededError(
        "The password does not open the workbook.", where=name, way_out="Check the spelling and try again."
    )
