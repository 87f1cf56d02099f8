import pytest
from hypothesis import given
from hypothesis import strategies as st

from maslin.curation.ingest.code.code_languages import by_name, detect


@pytest.mark.parametrize(("path", "content", "language"), [
    ("a/b.py", b"", "python"), ("a/B.PY", b"", "python"), ("x.rs", b"", "rust"), ("Makefile", b"", "makefile"),
    ("sub/CMakeLists.txt", b"", "cmake"), ("config.mk.in", b"", "makefile"), ("Makefile.am", b"", "makefile"),
    ("README.md", b"", "markdown"), ("doc/index.rst", b"", "restructuredtext"), ("pyproject.toml", b"", "toml"),
    ("data.toml", b"", None), ("data.json", b"", None), ("package.json", b"", "json"), ("notes.txt", b"", None),
    ("README", b"words", None), (".gitignore", b"", None), ("image.png", b"\x89PNG", None), ("a.ipynb", b"{}", None),
    ("bin/run", b"#!/bin/sh\n", "shell"), ("bin/run", b"#!/usr/bin/env python3\n", "python"),
    ("bin/run", b"#!/usr/bin/env -S FOO=1 node --x\n", "javascript"),
    ("bin/run", b"#! /usr/local/bin/perl5.30 -w\n", "perl"),
    ("bin/run", b"#!/opt/unheard-of\n", None), ("bin/run", b"\x7fELF", None),
    ("x.h", b"int f(void);\n", "c"), ("x.h", b"namespace a {\n", "c++"), ("x.h", b"@interface A\n", "objective-c"),
    ("config.h.in", b"#undef X\n", "c"), ("x.m", b"function y = f(x)\n", "matlab"),
    ("x.m", b"#import <a.h>\n", "objective-c"),
    ("x.pl", b"use strict;\n", "perl"), ("x.pl", b":- module(a).\n", "prolog"), ("t/a.t", b"use Test::More;\n", "perl"),
    ("x.ts", b"export const a = 1\n", "typescript"), ("x_de.ts", b"<?xml version='1.0'?><TS/>", None),
    ("x.v", b"module m;\n", "verilog"), ("x.v", b"Theorem t : True.\n", "coq"), ("x.d", b"a.o: b.c\n", None),
])
def test_languages(path: str, content: bytes, language: str | None) -> None:
    assert detect(path, content) == language


@given(st.text(max_size=60), st.binary(max_size=200))
def test_any_name_and_content_are_answered(path: str, content: bytes) -> None:
    assert by_name(path) == "?" or detect(path, content) == by_name(path)
