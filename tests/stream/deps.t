#!/bin/sh
# scripts/deps with stand-ins for dpkg-query, apt-get, apt-cache and id: what is installed, and when nothing is done.
here=$(cd "$(dirname "$0")/../.." && pwd)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
export T
mkdir "$T/bin"
for tool in sh awk tr uname cat sed env printf; do ln -s "$(command -v "$tool")" "$T/bin/$tool"; done

stand_in() { # NAME, its script on fd 0
	{ echo '#!/bin/sh'; cat; } >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}
stand_in dpkg-query <<'TOOL'
cat "$T/installed"
TOOL
stand_in apt-get <<'TOOL'
echo "$*" >>"$T/done"
[ "$1" != "$REFUSE" ]
TOOL
stand_in apt-cache <<'TOOL'
grep -qx "$3" "$T/release"
TOOL
stand_in id <<'TOOL'
echo "${WHO:-0}"
TOOL
ln -s "$(command -v grep)" "$T/bin/grep"

# Every name that any release has, and what Debian 12 and 13 have of those that differ.
names=$(sed -n "/^build='/,/'\$/p; /^check='/,/'\$/p" "$here/scripts/deps" | tr -s "'|=\n\t " '\n' | sed 's/^amd64://; s/^optional://' | grep -vx -e build -e check -e '')
release() { # NAMES THAT IT DOES NOT HAVE...
	printf '%s\n' "$names" >"$T/release"
	for name in "$@"; do sed -i "/^$name\$/d" "$T/release"; done
}
installed() { # NAMES THAT ARE NOT...
	sed 's/$/ installed/' "$T/release" >"$T/installed"
	for name in "$@"; do sed -i "s/^$name installed/$name config-files/" "$T/installed"; done
}

n=0
result() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || printf 'not '
	printf 'ok %d - %s\n' "$n" "$2"
	[ "$1" -eq 0 ] || sed 's/^/# /' "$T/out" "$T/done"
}
run() {
	: >"$T/done"
	PATH=$T/bin "$here/scripts/deps" "$@" >"$T/out" 2>&1
	status=$?
}

release libmsgpack-c-dev docker-cli
installed
run check
[ "$status" -eq 0 ] && [ ! -s "$T/done" ] && [ ! -s "$T/out" ]
result $? "nothing is done when all is there"
installed libuv1-dev
run
[ "$status" -eq 0 ] && [ "$(cat "$T/done")" = "update
install -y --no-install-recommends libuv1-dev" ]
result $? "what is missing is installed"
installed libmsgpack-dev
run
grep -q 'install .* libmsgpack-dev$' "$T/done"
result $? "Debian 12's name"
release libmsgpack-dev pkg-config
installed libmsgpack-c-dev
run
grep -q 'install .* libmsgpack-c-dev$' "$T/done"
result $? "Debian 13's name"
installed libcmocka-dev
run
[ ! -s "$T/done" ]
result $? "what only tests need is left out"
run check
grep -q 'libcmocka-dev' "$T/done"
result $? "and installed with check"
WHO=1000 run check
[ "$status" -eq 77 ] && [ ! -s "$T/done" ] && grep -q 'libcmocka-dev.*root' "$T/out"
result $? "not root: status 77 and what is missing"
export WHO=0 REFUSE=install
run check
[ "$status" -eq 75 ]
result $? "apt-get failing is status 75"
sed -i '/^libcmocka-dev$/d' "$T/release"
run check
[ "$status" -eq 69 ] && grep -q 'no package libcmocka-dev' "$T/out"
result $? "a package that the release does not have is named"
export REFUSE=none
release sysdig
installed
run check
[ "$status" -eq 0 ] && ! grep -q install "$T/done"
result $? "one that it may lack is done without"
run nonsense
result $((status != 64)) "wrong arguments are refused"
rm "$T/bin/dpkg-query"
run
[ "$status" -eq 69 ] && grep -q 'not Debian' "$T/out"
result $? "not Debian"
echo "1..$n"
