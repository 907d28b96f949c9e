#!/bin/sh
# The probe where the kernel's types are missing or are none: it says so, and nothing is loaded.
here=$(cd "$(dirname "$0")/../.." && pwd)
probe=${SAKER_BUILD:-$here/build}/bin/probe
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
types=/sys/kernel/btf/vmlinux
timeout 20 "$probe" -n 2>/dev/null || { echo '1..0 # SKIP no BPF'; exit 0; }
unshare -m mount -t tmpfs none "$dir" 2>/dev/null || { echo '1..0 # SKIP no mount namespace'; exit 0; }

n=0
says() { # COMMAND ERROR: what the probe ends with when the command has been run before it
	n=$((n + 1))
	said=$(unshare -m sh -c "$1; timeout 20 '$probe' -n; echo status \$?" 2>&1)
	case $said in
	"probe: the BPF programs can not be loaded without the kernel's types, $types: $2
status 69") echo "ok $n - $1" ;;
	*)
		echo "not ok $n - $1"
		printf '%s\n' "$said" | sed 's/^/# /'
		;;
	esac
}

head -c 1000000 "$types" >"$dir/cut"
# The first type is of a kind that there is not: 31.
{ head -c 31 "$types"; printf '\037'; tail -c +33 "$types"; } >"$dir/kind"
echo 'no types' >"$dir/text"
: >"$dir/empty"
says 'mount -t tmpfs none /sys/kernel/btf' 'No such file or directory'
says "mount --bind '$dir/empty' $types" 'Invalid argument'
for file in text cut kind; do says "mount --bind '$dir/$file' $types" 'Protocol not supported'; done
echo "1..$n"
