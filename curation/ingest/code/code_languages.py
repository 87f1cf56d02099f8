"""Which programming language a file is in: by its name, extension and first line, and by its content where they doubt.

Build files are code; so are Markdown and reStructuredText, the documentation that lies between it.

Not code: data and markup that are mostly data (JSON, XML, YAML, CSV, SVG, notebooks), save build files known by name.
"""

import re

_EXTENSIONS_BY_LANGUAGE = {
    "ada": "adb ads", "agda": "agda", "assembly": "asm s nasm", "astro": "astro", "awk": "awk", "batchfile": "bat cmd",
    "bazel": "bzl bazel", "bison": "y yy", "c": "c", "c++": "cc cpp cxx c++ hh hpp hxx h++ ipp tpp inl ixx cppm",
    "c#": "cs csx", "cabal": "cabal", "clojure": "clj cljs cljc edn", "cmake": "cmake", "cobol": "cob cbl cpy",
    "coffeescript": "coffee", "common-lisp": "lisp lsp asd", "crystal": "cr", "css": "css", "cuda": "cu cuh",
    "cython": "pyx pxd pxi", "d": "di", "dart": "dart", "elixir": "ex exs", "elm": "elm", "emacs-lisp": "el",
    "erlang": "erl hrl", "f#": "fsi fsx", "fortran": "f f77 f90 f95 f03 f08 for ftn", "gleam": "gleam",
    "glsl": "glsl vert frag geom comp tesc tese", "go": "go", "gradle": "gradle", "graphql": "graphql gql",
    "groovy": "groovy gvy", "haml": "haml", "handlebars": "hbs handlebars", "haskell": "hs hs-boot", "haxe": "hx",
    "hcl": "tf hcl tfvars", "hlsl": "hlsl", "html": "html htm xhtml", "idris": "idr", "java": "java",
    "javascript": "js mjs cjs jsx es6", "jinja": "j2 jinja jinja2", "julia": "jl", "kotlin": "kt kts", "lean": "lean",
    "less": "less", "lex": "l ll", "literate-haskell": "lhs", "llvm": "ll", "lua": "lua", "m4": "m4 ac",
    "makefile": "mk mak make am", "markdown": "md markdown mdown mkd mdx", "metal": "metal", "mojo": "mojo",
    "nim": "nim nims", "nix": "nix", "objective-c++": "mm", "ocaml": "ml mli mll mly",
    "odin": "odin", "opencl": "clh", "pascal": "pas dpr lpr", "perl": "pm pod", "php": "php php3 php4 php5 phtml",
    "plsql": "pks pkb plsql", "powershell": "ps1 psm1 psd1", "prolog": "pro", "protobuf": "proto", "pug": "pug jade",
    "purescript": "purs", "python": "py pyi pyw py3 gyp gypi", "qml": "qml", "r": "r",
    "racket": "rkt rktl", "reasonml": "re rei", "restructuredtext": "rst rest", "ruby": "rb rake gemspec ru podspec",
    "rust": "rs", "sass": "sass", "scala": "scala sbt sc", "scheme": "scm ss sld", "scss": "scss",
    "shell": "sh bash zsh ksh fish bats ebuild", "smalltalk": "st", "smarty": "tpl", "solidity": "sol", "sparql": "rq",
    "sql": "sql ddl", "standard-ml": "sml fun", "stylus": "styl", "svelte": "svelte", "swift": "swift",
    "systemverilog": "sv svh", "tcl": "tcl tk", "tex": "tex sty dtx", "thrift": "thrift", "twig": "twig",
    "typescript": "tsx mts cts", "vala": "vala vapi", "vhdl": "vhd vhdl", "vim": "vim", "visual-basic": "vb bas vbs",
    "vue": "vue", "webassembly": "wat wast", "wgsl": "wgsl", "xslt": "xsl xslt", "zig": "zig",
}
_AMBIGUOUS = {"h", "m", "pl", "t", "ts", "fs", "v", "inc", "cl", "pp", "d", "ll", "re", "sc", "cls", "mod"}
_EXTENSIONS = {
    extension: language
    for language, extensions in _EXTENSIONS_BY_LANGUAGE.items() for extension in extensions.split()
    if extension not in _AMBIGUOUS
}

_NAMES = {
    "makefile": "makefile", "gnumakefile": "makefile", "bsdmakefile": "makefile", "kbuild": "makefile",
    "cmakelists.txt": "cmake", "meson.build": "meson", "meson_options.txt": "meson", "meson.options": "meson",
    "sconstruct": "python", "sconscript": "python", "wscript": "python", "wafscript": "python",
    "dockerfile": "dockerfile", "containerfile": "dockerfile", "jenkinsfile": "groovy", "vagrantfile": "ruby",
    "gemfile": "ruby", "rakefile": "ruby", "podfile": "ruby", "brewfile": "ruby", "fastfile": "ruby", "capfile": "ruby",
    "guardfile": "ruby", "build": "bazel", "build.bazel": "bazel", "workspace": "bazel", "buck": "bazel",
    "module.bazel": "bazel", "justfile": "makefile", "go.mod": "go-module", "cpanfile": "perl",
    "rebar.config": "erlang", "configure.in": "m4", "cargo.toml": "toml", "pyproject.toml": "toml",
    "project.toml": "toml", "pipfile": "toml", "package.json": "json", "composer.json": "json", "tsconfig.json": "json",
    "bower.json": "json", "setup.cfg": "ini", "tox.ini": "ini", "pom.xml": "xml", "build.xml": "xml",
    "conanfile.txt": "ini", ".bashrc": "shell", ".bash_profile": "shell",
    ".profile": "shell", ".zshrc": "shell", ".vimrc": "vim", "vimrc": "vim", ".emacs": "emacs-lisp",
    "pkgbuild": "shell", "apkbuild": "shell", "stack.yaml": "yaml", "pubspec.yaml": "yaml", "environment.yml": "yaml",
}
_NAME_STARTS = (("dockerfile.", "dockerfile"), ("makefile.", "makefile"), ("gnumakefile.", "makefile"))

_SHEBANG = re.compile(rb"#!\s*(\S+)(?:[ \t]+(?:-\S+[ \t]+)*(?:\w+=\S*[ \t]+)*(\S+))?")
_INTERPRETERS = {
    "sh": "shell", "bash": "shell", "zsh": "shell", "ksh": "shell", "dash": "shell", "ash": "shell", "fish": "shell",
    "python": "python", "pypy": "python", "perl": "perl", "ruby": "ruby", "jruby": "ruby", "node": "javascript",
    "nodejs": "javascript", "deno": "typescript", "bun": "javascript", "ts-node": "typescript", "php": "php",
    "lua": "lua", "luajit": "lua", "tclsh": "tcl", "wish": "tcl", "expect": "tcl", "awk": "awk", "gawk": "awk",
    "mawk": "awk", "nawk": "awk", "make": "makefile", "rscript": "r", "julia": "julia", "groovy": "groovy",
    "scala": "scala", "guile": "scheme", "racket": "racket", "sbcl": "common-lisp", "runhaskell": "haskell",
    "runghc": "haskell", "escript": "erlang", "elixir": "elixir", "crystal": "crystal", "swift": "swift",
    "kotlin": "kotlin", "ocaml": "ocaml", "ocamlrun": "ocaml", "pwsh": "powershell", "osascript": "applescript",
    "bats": "shell", "nix-shell": "nix", "emacs": "emacs-lisp", "dart": "dart", "clojure": "clojure", "bb": "clojure",
    "gjs": "javascript",
}
_HEAD_BYTES = 32_768

_CPP = re.compile(
    rb"^\s*(?:class\s+\w+|namespace\s+\w*\s*\{|template\s*<|using\s+\w|(?:public|private|protected)\s*:"
    rb"|#\s*include\s*<(?:iostream|string|vector|map|memory|cstd\w+|utility|algorithm)>)|\w::\w", re.M
)
_OBJECTIVE_C = re.compile(rb"^\s*(?:@(?:interface|implementation|protocol|class|import|end)\b|#import\b)", re.M)
_MATLAB = re.compile(rb"^\s*(?:function\b|%|end\b|classdef\b)", re.M)
_PERL = re.compile(
    rb"^\s*(?:use\s+(?:strict|warnings|v?5|[A-Z]\w*)|package\s+\w|sub\s+\w+\s*\{|my\s+[$@%]|#!.*perl)", re.M
)
_PROLOG = re.compile(rb"^\s*(?::-|\w+\([^)\n]*\)\s*:-)", re.M)
_COQ = re.compile(rb"^\s*(?:Require|Theorem|Lemma|Definition|Inductive|Proof|Module|Section)\b", re.M)
_FORTH = re.compile(rb"^\s*:\s+\S+.*;\s*$|^\\ ", re.M)
_GLSL = re.compile(rb"\bgl_(?:Position|FragColor)\b|^\s*#version\s+\d", re.M)


def by_name(path: str) -> str | None:
    """The language a path alone tells; "?" where the content must be looked at, None where it is no code."""
    name = path.rsplit("/", 1)[-1].lower()
    if name in _NAMES:
        return _NAMES[name]
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        return "?" if not dot else None
    if extension == "in":  # a template of a file: config.h.in, Makefile.in
        inner = by_name(stem)
        return inner if "." in stem or inner != "?" else None
    if extension in _AMBIGUOUS:
        return "?"
    if extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    return next((language for start, language in _NAME_STARTS if name.startswith(start)), None)


def detect(path: str, content: bytes) -> str | None:
    """The language of a file with this path and content; None where it is no code, or none that is known."""
    language = by_name(path)
    if language != "?":
        return language
    head = content[:_HEAD_BYTES]
    if shebang := _by_shebang(head):
        return shebang
    name = path.rsplit("/", 1)[-1].lower()
    name = name.removesuffix(".in")
    return _by_content(name.rpartition(".")[2], head) if "." in name else None


def _by_shebang(head: bytes) -> str | None:
    if not head.startswith(b"#!"):
        return None
    line = head.split(b"\n", 1)[0][:300]
    match = _SHEBANG.match(line)
    if match is None:
        return None
    program = match[1].rsplit(b"/", 1)[-1]
    if program == b"env" and match[2]:
        program = match[2].rsplit(b"/", 1)[-1]
    name = program.decode("ascii", "replace").lower()
    if b"perl" in line and name in ("sh", "bash"):
        return "perl"  # `#!/bin/sh` scripts whose first statement hands over to perl say so
    return _INTERPRETERS.get(name) or _INTERPRETERS.get(name.rstrip("0123456789.-"))


def _by_content(extension: str, head: bytes) -> str | None:
    """Settle an extension that several languages share."""
    if extension == "h":
        return "objective-c" if _OBJECTIVE_C.search(head) else "c++" if _CPP.search(head) else "c"
    if extension == "m":
        return "objective-c" if _OBJECTIVE_C.search(head) or b"#include" in head else (
            "matlab" if _MATLAB.search(head) else None)
    if extension in ("pl", "t"):
        return "prolog" if extension == "pl" and _PROLOG.search(head) and not _PERL.search(head) else (
            "perl" if extension == "pl" or _PERL.search(head) else None)
    if extension == "ts":
        return None if head.lstrip().startswith((b"<?xml", b"<!DOCTYPE TS", b"<TS")) else "typescript"
    if extension == "fs":
        return "forth" if _FORTH.search(head) else "glsl" if _GLSL.search(head) else "f#"
    if extension == "v":
        return "coq" if _COQ.search(head) else "verilog"
    if extension == "inc":
        return "php" if b"<?php" in head else "c" if re.search(rb"^\s*#\s*(?:include|define|if)", head, re.M) else None
    if extension == "cl":
        return "common-lisp" if head.lstrip()[:1] in (b"(", b";") else "opencl"
    if extension == "pp":
        return "puppet" if re.search(rb"^\s*(?:class|define|node)\s+[\w:]+.*\{|=>", head, re.M) else "pascal"
    if extension == "d":  # a dependency file that compilers write is no D
        return None if re.match(rb"[^\n:]{1,300}\.o\s*:", head) else "d"
    if extension == "ll":
        return "llvm" if re.search(rb"^(?:define|declare|target|; ModuleID|source_filename)\b", head, re.M) else "lex"
    if extension == "re":
        return "reasonml" if re.search(rb"^\s*(?:let|module|open|type)\b", head, re.M) else None
    if extension == "sc":
        return "scala" if re.search(rb"^\s*(?:import|object|def|val|class)\b", head, re.M) else "supercollider"
    if extension == "cls":
        return "tex" if b"\\" in head and re.search(rb"\\(?:Provides|Needs)", head) else "visual-basic" if (
            head.startswith(b"VERSION ")) else "apex"
    return "fortran" if extension == "mod" and b"module" in head.lower() else None
