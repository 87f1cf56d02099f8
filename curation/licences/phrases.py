"""What tells licences apart: phrases of their texts and the names they go by, as `licences.plain` gives a text.

The phrases are those of the licences themselves (SPDX list); after the manner of Debian's licensecheck.
"""

import re

PYTHON_AGREEMENT_END = "agrees to be bound by the terms and conditions of this license agreement"
# The older licences that follow Python's own in its licence file: how each begins, how it ends.
PYTHON_STACK: tuple[tuple[str, str], ...] = (
    ("beopen", PYTHON_AGREEMENT_END), ("cnri", PYTHON_AGREEMENT_END),
    ("stichting mathematisch centrum amsterdam", "use or performance of this software"),
    ("zero clause bsd license for code in the python documentation", "use or performance of this software"),
)

# Long texts: identifier, phrases any of which begins it, a phrase that ends it (None: to the next licence).
TEXTS: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("Apache-2.0", (
        "apache license version 2.0 january 2004",
        "license shall mean the terms and conditions for use reproduction and distribution as defined by sections 1 "
        "through 9 of this document",
        "contributor hereby grants to you a perpetual worldwide non exclusive no charge royalty free irrevocable "
        "copyright license to reproduce prepare derivative works of publicly display",
    ), "end of terms and conditions"),
    ("ECL-2.0", ("educational community license version 2.0 april 2007",), "end of terms and conditions"),
    ("GPL-1.0", ("gnu general public license version 1 february 1989",), "end of terms and conditions"),
    ("GPL-2.0", (
        "gnu general public license version 2 june 1991",
        "by contrast the gnu general public license is intended to guarantee your freedom to share and change free "
        "software to make sure the software is free for all its users",
    ), "end of terms and conditions"),
    ("GPL-3.0", (
        "gnu general public license version 3 29 june 2007",
        "by contrast the gnu general public license is intended to guarantee your freedom to share and change all "
        "versions of a program",
        "this license refers to version 3 of the gnu general public license",
    ), "end of terms and conditions"),
    ("LGPL-2.0", ("gnu library general public license version 2 june 1991",), "end of terms and conditions"),
    ("LGPL-2.1", ("gnu lesser general public license version 2.1 february 1999",), "end of terms and conditions"),
    ("LGPL-3.0", ("gnu lesser general public license version 3 29 june 2007",),
     "to choose that version for the library"),
    ("AGPL-3.0", (
        "gnu affero general public license version 3 19 november 2007",
        "by contrast our general public licenses are intended to guarantee your freedom to share and change all "
        "versions of a program",
        "this license refers to version 3 of the gnu affero general public license",
    ), "end of terms and conditions"),
    ("GFDL-1.1", ("gnu free documentation license version 1.1 march 2000",), None),
    ("GFDL-1.2", ("gnu free documentation license version 1.2 november 2002",), None),
    ("GFDL-1.3", ("gnu free documentation license version 1.3 3 november 2008",), None),
    ("MPL-1.0", ("mozilla public license version 1.0 1 definitions",), "exhibit a mozilla public license"),
    ("MPL-1.1", ("mozilla public license version 1.1 1 definitions", "mozilla public license version 1.1 1.0",),
     "exhibit a mozilla public license"),
    ("MPL-2.0", ("mozilla public license version 2.0 1 definitions", "incompatible with secondary licenses means"),
     "exhibit b incompatible with secondary licenses notice"),
    ("EPL-1.0", ("eclipse public license v 1.0 the accompanying program",
                 "under the terms of this eclipse public license agreement"), None),
    ("EPL-2.0", ("eclipse public license v 2.0 the accompanying program",
                 "under the terms of this eclipse public license v 2.0"),
     "you may add additional accurate notices of copyright ownership"),
    ("CPL-1.0", ("under the terms of this common public license",), None),
    ("CDDL-1.0", ("common development and distribution license cddl version 1.0",
                  "common development and distribution license version 1.0"), None),
    ("CDDL-1.1", ("common development and distribution license cddl version 1.1",), None),
    ("EUPL-1.1", ("european union public licence v 1.1",), None),
    ("EUPL-1.2", ("european union public licence v 1.2",), None),
    ("AFL-3.0", ("this academic free license the license applies to", "academic free license afl v 3.0"),
     "without the express written permission of its copyright owner"),
    ("OSL-3.0", ("this open software license the license applies to",), None),
    ("CC0-1.0", ("cc0 1.0 universal", "the laws of most jurisdictions throughout the world automatically confer "
                 "exclusive copyright and related rights"), "with respect to this cc0 or use of the work"),
    ("Artistic-2.0", ("establishes the terms under which a given free software package may be copied modified",), None),
    ("Artistic-1.0", ("such that the copyright holder maintains some semblance of artistic control",), None),
    ("OFL-1.1", ("sil open font license version 1.1 26 february 2007",), "dealings in the font software"),
    ("PSF-2.0", ("psf license agreement for python", "python software foundation license version 2",
                 "license agreement is between the python software foundation",
                 "license agreement is between the matplotlib development team"), PYTHON_AGREEMENT_END),
    ("CNRI-Python", ("license agreement is between the corporation for national research initiatives",
                     "cnri license agreement for python"), PYTHON_AGREEMENT_END),
    ("BSL-1.0", ("boost software license version 1.0 august 17th 2003",
                 "any person or organization obtaining a copy of the software and accompanying documentation"),
     "dealings in the software"),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",), None),
    ("WTFPL", ("do what the fuck you want to public license", "you just do what the fuck you want to"), None),
    ("Zlib", ("provided as is without any express or implied warranty in no event will the author",
              "permission is granted to anyone to use this software for any purpose including commercial applications"),
     "may not be removed or altered from any source distribution"),
    ("Libpng", ("the png reference library is supplied as is",), "would be appreciated"),
    ("libpng-2.0", ("png reference library license version 2",),
     "may not be removed or altered from any source or altered source distribution"),
    ("OLDAP-2.8", ("the openldap public license version 2.8",), "title to copyright in this software shall at all "
     "times remain with copyright holders"),
    ("MIT-Modern-Variant", ("permission is hereby granted without written agreement and without license or royalty "
                            "fees to use copy modify and distribute this software",), "for any purpose"),
    ("UPL-1.0", ("universal permissive license upl version 1.0", "the universal permissive license upl"), None),
    ("MulanPSL-2.0", ("mulan permissive software license version 2", "mulan psl v2"), None),
    ("BlueOak-1.0.0", ("blue oak model license version 1.0.0",), "under any kind of legal claim"),
    ("MS-PL", ("microsoft public license ms pl",), None),
    ("ZPL-2.0", ("zope public license zpl version 2.0",), "possibility of such damage"),
    ("ZPL-2.1", ("zope public license zpl version 2.1",), "possibility of such damage"),
    ("PHP-3.01", ("the php license version 3.01",), "possibility of such damage"),
    ("PHP-3.0", ("the php license version 3.0 ",), "possibility of such damage"),
    ("SHL-0.5", ("solderpad hardware license version 0.5 ",), None),
    ("SHL-0.51", ("solderpad hardware license version 0.51",), None),
    ("FTL", ("the freetype project license",), "end of ftl txt"),
    ("Ruby", ("ruby is copyrighted free software by yukihiro matsumoto",
              "you may make and give away verbatim copies of the source form of the software without restriction"),
     None),
    ("Vim", ("vim license", "vim is charityware"), None),
    ("TCL", ("the authors hereby grant permission to use copy modify distribute and license this software",),
     "in accordance with the terms specified in this license"),
    ("libtiff", ("provided that i the above copyright notices and this permission notice appear in all copies of the "
                 "software and related documentation",), "use or performance of this software"),
    ("Beerware", ("the beer ware license",), None),
    ("blessing", ("may you do good and not evil may you find forgiveness for yourself",), None),
    ("FSFULLR", ("gives unlimited permission to copy and or distribute it with or without modifications",), None),
    ("FSFUL", ("gives unlimited permission to copy distribute and modify it",), None),
    ("FSFAP", ("with or without modification are permitted in any medium without royalty",), None),
    ("W3C", ("w3c software notice and license", "w3c r software notice and license"), None),
    ("W3C-20150513", ("w3c software and document notice and license",
                      "under the following license license by obtaining and or copying this work"),
     "remain with copyright holders"),
    ("SSPL-1.0", ("server side public license version 1 october 16 2018",), None),
    ("Elastic-2.0", ("elastic license 2.0 acceptance",), None),
    ("BUSL-1.1", ("business source license 1.1",), None),
    ("MIT-CMU", ("by obtaining using and or copying this software and or its associated documentation",),
     "use or performance of this software"),
    ("IJG", ("the authors make no warranty or representation either express or implied with respect to this software "
             "its quality accuracy merchantability",), "assumed by the product vendor"),
    ("ICU", ("icu license icu 1.8.1 and later",), "authorization of the copyright holder"),
    ("Zend-2.0", ("the zend engine license version 2.00",), "possibility of such damage"),
    ("APSL-2.0", ("apple public source license version 2.0",), None),
    ("CPAL-1.0", ("common public attribution license version 1.0",), None),
    ("EFL-2.0", ("eiffel forum license version 2",), "arising in any way out of the use of this package"),
    ("IPL-1.0", ("ibm public license version 1.0",), None),
    ("LPL-1.02", ("lucent public license version 1.02",), None),
    ("MS-RL", ("microsoft reciprocal license ms rl",), None),
    ("NPL-1.1", ("netscape public license version 1.1",), None),
    ("OFL-1.0", ("sil open font license version 1.0",), "dealings in the font software"),
    ("PDDL-1.0", ("public domain dedication and licence", "public domain dedication license pddl"),
     "in order to meet the intent of this document"),
    ("QPL-1.0", ("the q public license version 1.0",), None),
    ("ODC-By-1.0", ("odc attribution license odc by",), None),
    ("ODbL-1.0", ("odc open database license odbl", "open database license odbl is a license agreement"), None),
    ("CDLA-Permissive-2.0", ("community data license agreement permissive version 2.0",), None),
    ("CDLA-Permissive-1.0", ("community data license agreement permissive version 1.0",), None),
    ("CDLA-Sharing-1.0", ("community data license agreement sharing version 1.0",), None),
    ("OGL-UK-3.0", ("open government licence v3.0", "open government licence for public sector information you are "
                    "encouraged to use and re use"), None),
    ("Parity-7.0.0", ("the parity public license 7.0.0",), None),
    ("PolyForm-Noncommercial-1.0.0", ("polyform noncommercial license 1.0.0",), None),
    ("PolyForm-Small-Business-1.0.0", ("polyform small business license 1.0.0",), None),
    ("RPL-1.5", ("reciprocal public license 1.5", "reciprocal public license version 1.5"), None),
    ("NASA-1.3", ("nasa open source agreement version 1.3",), None),
    ("SISSL", ("sun industry standards source license version 1.1",), None),
    ("SPL-1.0", ("sun public license version 1.0",), None),
    ("Watcom-1.0", ("sybase open watcom public license version 1.0",), None),
    ("OSET-PL-2.1", ("oset foundation public license v 2.1", "oset public license version 2.1"), None),
    ("Info-ZIP", ("this is version 2005 feb 10 of the info zip", "of the info zip copyright and license"), None),
    ("CERN-OHL-P-2.0", ("cern open hardware licence version 2 permissive",), None),
    ("CERN-OHL-S-2.0", ("cern open hardware licence version 2 strongly reciprocal",), None),
    ("CERN-OHL-W-2.0", ("cern open hardware licence version 2 weakly reciprocal",), None),
    ("Hippocratic-2.1", ("hippocratic license version 2.1", "hippocratic license version number 2.1"), None),
    ("CECILL-2.0", ("free software license agreement cecill notice this agreement is a free software license",), None),
    ("CECILL-B", ("cecill b free software license agreement",), None),
    ("CECILL-C", ("cecill c free software license agreement",), None),
    ("SGI-B-2.0", ("sgi free software license b version 2.0",), "authorization from silicon graphics inc"),
    ("SSH-short", ("as far as i am concerned the code i have written for this software can be used freely",), None),
    ("LPPL-1.3c", ("lppl version 1.3c 2008 05 04",), None),
    ("CECILL-2.1", ("cecill free software license agreement version 2.1",), None),
)
CREATIVE_COMMONS_END = "creative commons may be contacted at"
CREATIVE_COMMONS_TITLE = re.compile(
    r"\b(?:creative commons )?attribution( non ?commercial)?( no ?deriv(?:atives|s|ative works)?| share ?alike)? "
    r"([1-4]\.[05])(?: international| unported| generic| creative commons corporation is not)"
    r"(?! licen[cs]e(?! by exercising))"
)

# Short texts, told from their variants by what follows: the phrase that begins each.
BSD_START = re.compile(
    r"redistributions? (?:of this software and documentation )?and use (?:of this software )?in source (?:and|or) "
    r"binary forms?"
)
MIT_START = "permission is hereby granted free of charge to any person obtaining"
ISC_START = re.compile(
    r"(?:permission|license) to use copy modify (?:and |or |and or )?(?:sell and )?distribute(?: and sell)?"
    r"(?: this| the)? software(?: and(?: or)? its documentation)?"
    r" (?:for any purpose|and its documentation for any purpose)"
)

# Names by which notices, tags and metadata call a licence; `{version}` takes a number. First match wins.
_V = r"(?: licen[cs]e)?(?:,? version| v| ver)? ?"
NAMES: tuple[tuple[str, str], ...] = (
    ("Apache-1.1", rf"apache(?: software)?{_V}1\.1"),
    ("Apache-1.0", rf"apache(?: software)?{_V}1\.0"),
    ("Apache-2.0", rf"apache(?: software)?(?: foundation)?(?: public)?{_V}2(?:\.0)?(?![.\d])|asl 2\.0|apache licen[cs]e"
                   r"|apache software licen[cs]e|(?<=licen[cs]e )apache(?= (?:or|and) licen[cs]e|$)"),
    ("MIT-0", r"mit 0|mit no attribution"),
    ("MIT-CMU", r"mit cmu|cmu mit"),
    ("Hippocratic-2.1", r"(?:mit )?hippocratic(?: 2\.1)?"),
    ("MIT", r"mit x11|mit expat|mit|expat"),
    ("X11", r"x11"),
    ("BSD-3-Clause-Clear", r"clear bsd|bsd 3 clause clear"),
    ("BSD-4-Clause", r"bsd 4 clause|(?:4|four) clause bsd|original bsd"),
    ("0BSD", r"0bsd|bsd zero clause|zero clause bsd|bsd 0 clause"),
    ("BSD-3-Clause", r"bsd 3(?: clause)?|(?:3|three) clause(?: modified| new)?(?: bsd)?|(?:new|modified|revised) bsd"
                     r"|bsd new"),
    ("BSD-2-Clause", r"bsd 2(?: clause)?|(?:2|two) clause(?: simplified)?(?: bsd)?|simplified bsd|freebsd"),
    ("BSD-Protection", r"bsd protection"),
    ("LicenseRef-BSD", r"bsd(?! style| like| type| \d)"),
    ("ISC", r"isc"),
    ("MPL-{version}", rf"(?:mozilla public|mpl){_V}(?P<mpl>[12]\.[01])|mplv?2|mozilla public licen[cs]e"),
    ("EPL-{version}", rf"(?:eclipse public|epl){_V}(?P<epl>[12]\.0)"),
    ("EUPL-{version}", rf"(?:european union public|eupl){_V}(?P<eupl>1\.[12])"),
    ("CDDL-{version}", rf"(?:common development and distribution|cddl){_V}(?P<cddl>1\.[01])"),
    ("AFL-{version}", rf"(?:academic free|afl){_V}(?P<afl>[123]\.[012])"),
    ("OSL-{version}", rf"(?:open software|osl){_V}(?P<osl>[123]\.[01])"),
    ("ZPL-{version}", rf"(?:zope public|zpl){_V}(?P<zpl>[12]\.[01])"),
    ("Artistic-{version}", rf"artistic{_V}(?P<artistic>2\.0)"),
    ("Artistic-1.0-Perl", r"artistic"),
    ("BSL-1.0", r"boost software licen[cs]e|bsl 1\.0"),
    ("Zlib", r"zlib libpng|zlib|libpng zlib"),
    ("Unlicense", r"unlicen[cs]e"),
    ("CC0-1.0", r"cc0|creative commons zero|creativecommons org publicdomain zero 1\.0"),
    ("WTFPL", r"wtfpl"),
    ("PostgreSQL", r"postgresql"),
    ("PSF-2.0", r"psf(?: 2\.0)?|python software foundation"),
    ("CNRI-Python", r"cnri(?: s)? python(?: 1\.6(?:\.1)?)?"),
    ("OFL-1.1", r"sil open font|open font licen[cs]e|(?:sil )?ofl(?: 1\.1)?"),
    ("BUSL-1.1", r"business source licen[cs]e|bsl 1\.1|busl(?: 1\.1)?"),
    ("Elastic-2.0", r"elastic licen[cs]e(?: v?2(?:\.0)?)?|elv2"),
    ("SSPL-1.0", r"server side public licen[cs]e|sspl"),
    ("ODbL-1.0", r"(?:open data commons )?open database licen[cs]e|odbl(?: 1\.0)?"),
    ("CPL-1.0", r"common public licen[cs]e|cpl 1\.0"),
    ("Imlib2", r"imlib2"),
    ("UPL-1.0", r"universal permissive"),
    ("NCSA", r"university of illinois ncsa|ncsa"),
    ("BlueOak-1.0.0", r"blue ?oak"),
    ("HPND", r"hpnd|historical permission notice and disclaimer"),
    ("MS-PL", r"ms pl|microsoft public"),
    ("LicenseRef-Public-Domain", r"public domain"),
)

EXCEPTIONS: tuple[tuple[str, str, str], ...] = (  # after which licence, phrase, SPDX exception
    ("Apache-2.0", "llvm exceptions to the apache 2.0 license", "LLVM-exception"),
    ("Apache-2.0", "apache license v2.0 with llvm exceptions", "LLVM-exception"),
    ("GPL-", "the copyright holders of this library give you permission to link this library with independent modules",
     "Classpath-exception-2.0"),
    ("GPL-", "subject to the classpath exception", "Classpath-exception-2.0"),
    ("GPL-", "gcc runtime library exception version 3.1", "GCC-exception-3.1"),
    ("GPL-", "part or all of the bison parser skeleton", "Bison-exception-2.2"),
    ("GPL-", "a configuration script generated by autoconf", "Autoconf-exception-generic"),
    ("LGPL-", "ocaml lgpl linking exception", "OCaml-LGPL-linking-exception"),
)
