#!/bin/sh
# make install: what it lays down works from there.
here=$(cd "$(dirname "$0")/../.." && pwd)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
n=0
result() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || printf 'not '
	printf 'ok %d - %s\n' "$n" "$2"
	[ "$1" -eq 0 ] || sed 's/^/# /' "$T/out"
}
case ${SAKER_BUILD-} in */san) SANITIZE=1 ;; esac
make -s -C "$here" ${SANITIZE:+SANITIZE=1} install DESTDIR="$T" PREFIX=/usr >"$T/out" 2>&1
result $? "make install"
unset SAKER_BUILD
TMPDIR=$T "$T/usr/sbin/saker" check-config >"$T/out" 2>&1 && grep -qx ok "$T/out"
result $? "saker finds its programs and its rules"
"$T/usr/bin/frames" --version >"$T/out" 2>&1
result $? "frames is there for people"
"$T/usr/libexec/saker/saker-conf" check -c "$T/usr/share/saker/saker.yaml" >"$T/out" 2>&1
result $? "the shipped configuration is good"
[ -f "$T/usr/share/man/man8/saker.8" ] && [ -f "$T/usr/share/man/man5/saker.yaml.5" ] && [ -f "$T/usr/share/man/man1/probe.1" ]
result $? "manual pages stand in their sections"
echo "1..$n"
