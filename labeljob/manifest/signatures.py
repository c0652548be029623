"""What a file really is, by its first bytes."""

from __future__ import annotations

import re

_STARTS: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        ("JPEG", rb"\xff\xd8\xff"),
        ("PNG", rb"\x89PNG\r\n\x1a\n"),
        ("GIF", rb"GIF8[79]a"),
        ("WebP", rb"RIFF.{4}WEBP"),
        ("AVI", rb"RIFF.{4}AVI "),
        ("TIFF", rb"II\*\0|MM\0\*"),
        ("BMP", rb"BM.{4}\0{4}"),
        ("JPEG 2000", rb"\0\0\0\x0cjP  "),
        ("AVIF", rb".{4}ftypavi[fs]"),
        ("HEIC", rb".{4}ftyp(?:hei[cfmsx]|hev[cx]|mif1|msf1)"),
        ("QuickTime", rb".{4}ftypqt  |.{4}moov"),
        ("MP4", rb".{4}ftyp"),
        ("Ogg", rb"OggS"),
        ("Matroska or WebM", rb"\x1a\x45\xdf\xa3"),
        ("PCD", rb"#\s*\.PCD|VERSION [.0-9]+\s+FIELDS"),
        ("PLY", rb"ply\r?\n"),
        ("LAS", rb"LASF"),
        ("PDF", rb"%PDF-"),
        ("gzip", rb"\x1f\x8b"),
        ("zip", rb"PK\x03\x04"),
        ("SVG", rb"\s*(?:<\?xml[^>]*>\s*)?<svg"),
        ("XML", rb"\s*<\?xml"),
        ("HTML", rb"\s*(?i:<!doctype html|<html)"),
        ("JSON", rb"\s*[{\[]\s*[\"{\[\]}]"),
    )
)


def true_format(start: bytes) -> str:
    """The format that a file starts as, empty where it is none we know."""
    return next((name for name, pattern in _STARTS if pattern.match(start)), "")
