#!/usr/bin/env bash
# Build dist/honeypost_VERSION_ARCH.deb: what operators install on Debian 12.
#
# The program and what it needs stand in a virtual environment of their own (/opt/venvs), made
# from requirements/runtime.lock with every hash checked, because Debian's own versions are too
# old.  Inside there is no pip, no bytecode (postinst compiles) and nothing that only
# developers read.  The same tree gives the same bytes: every time stamp is that of the last
# commit, every owner is root, files stand in one order.
#
#   scripts/deb.sh [FOLDER]   another folder than dist
#
# Needs Debian's python3 (3.11) with python3-venv, and dpkg-deb; neither root nor debhelper.
# SOURCE_DATE_EPOCH sets the time stamp where there is no git history.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
home=/opt/venvs/honeypost
out=${1:-dist}

fail() {
    echo "deb: $*" >&2
    exit 1
}

for tool in dpkg-deb dpkg-shlibdeps strip; do
    command -v "$tool" >/dev/null || fail "needs $tool (package dpkg-dev)"
done
[[ -x $python ]] || fail "needs Debian's own python3 at $python"
minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[[ $minor == 3.11 ]] || fail "$python is $minor; the package is for Debian 12, which has 3.11"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "needs the package python3-venv"

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' src/honeypost/__init__.py)
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH PYTHONDONTWRITEBYTECODE=1
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
site=$tree$home/lib/python$minor/site-packages
mkdir -p "$site" "$work/wheels" "$out"

program_and_needs() {
    # The tools build the wheel and stay behind.
    "$python" -m venv "$work/tools"
    local pip=("$work/tools/bin/python" -m pip -qq --disable-pip-version-check)
    local into=(--no-deps --no-compile --target "$site")
    "${pip[@]}" install --require-hashes -r requirements/build.lock
    "${pip[@]}" install --require-hashes "${into[@]}" -r requirements/runtime.lock
    "${pip[@]}" wheel --no-deps --no-build-isolation --wheel-dir "$work/wheels" .
    # --target keeps the folder of programs of the first call; ours stands elsewhere.
    "${pip[@]}" install --upgrade --no-index "${into[@]}" "$work"/wheels/*.whl
}

only_what_runs() {
    rm -rf "$site/bin"
    rm -f "$site"/*.dist-info/{direct_url.json,INSTALLER,REQUESTED,RECORD}
    find "$site" -depth -type d \( -name __pycache__ -o -name tests \) -exec rm -rf {} +
    find "$site" -type f \( -name '*.py[ixd]' -o -name '*.pyc' -o -name '*.[ch]' \) -delete
    find "$site" -type f -name '*.so*' -exec strip --strip-unneeded {} +
    find "$site" -type f -exec chmod 644 {} +
}

environment() {
    # It is no more than this: a file that says so, and a link to the interpreter.
    install -d "$tree$home/bin" "$tree/usr/bin"
    printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = %s\n' "$minor" \
        >"$tree$home/pyvenv.cfg"
    ln -s "/usr/bin/python$minor" "$tree$home/bin/python"
    install -m 755 packaging/honeypost "$tree$home/bin/honeypost"
    ln -s "$home/bin/honeypost" "$tree/usr/bin/honeypost"
}

files_of_the_system() {
    local units=$tree/usr/lib/systemd/system lua=$tree/usr/share/honeypost/lua
    install -d "$units" "$lua"
    install -D -m 640 packaging/honeypost.toml "$tree/etc/honeypost/honeypost.toml"
    install -m 644 src/honeypost/beside/lua/*.lua "$lua"
    cp -r packaging/systemd/. "$units"
    if [[ -d packaging/guard ]]; then
        install -D -m 755 packaging/guard/guard "$tree/usr/lib/honeypost/guard"
    fi
    install -D -m 644 packaging/sysusers.conf "$tree/usr/lib/sysusers.d/honeypost.conf"
    install -D -m 644 packaging/tmpfiles.conf "$tree/usr/lib/tmpfiles.d/honeypost.conf"
    PYTHONPATH=$site "$python" packaging/manual.py "$tree/usr/share"
}

papers() {
    local doc=$tree/usr/share/doc/honeypost
    install -D -m 644 packaging/debian/copyright "$doc/copyright"
    install -m 644 NOTICE "$doc/NOTICE"
    install -D -m 644 docs/honeypost.toml "$doc/examples/honeypost.toml"
    gzip -9n <CHANGELOG.md >"$doc/CHANGELOG.md.gz"
    printf 'honeypost (%s) bookworm; urgency=medium\n\n  * %s\n\n -- %s  %s\n' "$version" \
        'What has changed stands in CHANGELOG.md.gz, in words for operators.' \
        "$(sed -n 's/^Maintainer: //p' packaging/debian/control)" \
        "$(date -R -u -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
    install -D -m 644 packaging/debian/lintian-overrides \
        "$tree/usr/share/lintian/overrides/honeypost"
}

libraries() {
    # What the compiled parts need of Debian; asks for a source package, so we show it one.
    mkdir -p "$work/source/debian"
    printf 'Source: honeypost\n\nPackage: honeypost\nArchitecture: any\n' \
        >"$work/source/debian/control"
    (cd "$work/source" && find "$site" -name '*.so*' -type f -print0 |
        xargs -0 dpkg-shlibdeps --ignore-missing-info -O 2>/dev/null | sed 's/^shlibs:Depends=//')
}

off() {
    # All units that can be switched on but those that are.
    comm -23 <(tr ' ' '\n' <<<"$1" | sort) <(tr ' ' '\n' <<<"$2" | sort) | xargs
}

control() {
    local folder=$tree/DEBIAN
    install -d "$folder"
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
        -e "s/@LIBRARIES@/$(libraries)/" \
        -e "s/@SIZE@/$(du -sk --apparent-size "$tree" | cut -f1)/" \
        packaging/debian/control >"$folder/control"
    echo /etc/honeypost/honeypost.toml >"$folder/conffiles"
    local units on="honeypost-recheck.path honeypost-worker.service"
    # Templates (@) have no state of their own.
    units=$(cd packaging/systemd && grep -l '^\[Install\]' honeypost-*[^@].* | LC_ALL=C sort | xargs)
    local script
    for script in postinst prerm postrm; do
        sed -e "s/@UNITS@/$units/" -e "s/@ON@/$on/" -e "s/@OFF@/$(off "$units" "$on")/" \
            "packaging/debian/$script" >"$folder/$script"
        chmod 755 "$folder/$script"
    done
    (cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' |
        LC_ALL=C sort -z | xargs -0 md5sum) >"$folder/md5sums"
}

program_and_needs
only_what_runs
environment
files_of_the_system
papers
control
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference -d "@$SOURCE_DATE_EPOCH" {} +
package=$out/honeypost_${version}_$architecture.deb
dpkg-deb --root-owner-group --threads-max=1 -Zxz --build "$tree" "$package" >/dev/null
echo "deb: $package, $(du -k --apparent-size "$package" | cut -f1) KB"
