"""English and German messages of GCC as pairs: a second domain beside user-interface strings.

    python tests/baselines/compiler_messages.py OUT.tsv [gcc-12-locales.deb]

Reads the German translations in Debian's package gcc-12-locales (GPL-3.0-or-later with GCC's exceptions; the texts are not part
of this repository), which it downloads unless a file is given; `apt-get download gcc-12-locales` does the same. Messages with
placeholders other than quotation marks are left out. Needs only Python.
"""
import gettext, hashlib, io, re, sys, tarfile, urllib.request
from pathlib import Path

URL = "http://deb.debian.org/debian/pool/main/g/gcc-12/gcc-12-locales_12.2.0-14+deb12u1_all.deb"
SHA256 = "a701516b5e34086f478b0a329dfd9dd8e1695e8bac5917a6b162a87719abe28f"
CATALOG = "./usr/share/locale/de/LC_MESSAGES/gcc-12.mo"
MAX_WORDS = 25


def data_archive(deb):
    """The file `data.tar.xz` of a package, which is an `ar` archive."""
    at = 8
    while at < len(deb):
        name, size = deb[at:at + 16].decode().strip(), int(deb[at + 48:at + 58])
        if name.startswith("data.tar"):
            return deb[at + 60:at + 60 + size]
        at += 60 + size + size % 2
    sys.exit("the package has no data archive")


def cleaned(message):
    quoted = re.sub(r"%<(.*?)%>", r'"\1"', message)
    return re.sub(r"\s+", " ", quoted).strip()


def is_usable(source, target):
    words = len(source.split())
    return "%" not in source + target and 2 <= words <= MAX_WORDS and source != target and re.search("[a-z]{3}", source)


deb = Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else urllib.request.urlopen(URL).read()
if hashlib.sha256(deb).hexdigest() != SHA256:
    print("warning: not version 12.2.0-14+deb12u1, so the pairs may differ", file=sys.stderr)
with tarfile.open(fileobj=io.BytesIO(data_archive(deb))) as archive:
    catalog = gettext.GNUTranslations(archive.extractfile(CATALOG))
pairs = {}
for source, target in catalog._catalog.items():
    # Plurals have tuples as keys.
    if isinstance(source, str) and source:
        source, target = cleaned(source), cleaned(target)
        if is_usable(source, target):
            pairs.setdefault(source, target)
Path(sys.argv[1]).write_text("".join(f"{source}\t{target}\n" for source, target in sorted(pairs.items())), "utf-8")
print(f"{len(pairs)} pairs", file=sys.stderr)
