#!/bin/sh
# Falco's rules, as they are, before the real kernel: for each of them a bad deed that raises it, with what it must say, and a
# harmless twin that does not; on the host and in containers of docker and podman, whose making raises nothing.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
SAKER_BUILD=${SAKER_BUILD:-$here/build}
export SAKER_BUILD PYTHONDONTWRITEBYTECODE=1
ENGINES_DOCKERD='' CONTAINERS_CONF='' ENGINES_WHY=
. "$here/tests/helpers/engines.sh"
dir=$(mktemp -d) || exit 1
trap 'engines_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
rules=${SAKER_SHARED:-$here/../shared}/data/rules

[ -f "$rules/falco_rules.yaml" ] || { echo "1..0 # SKIP no $rules/falco_rules.yaml"; exit 0; }
engines_begin "$dir" || { echo "1..0 # SKIP $ENGINES_WHY"; exit 0; }
timeout 20 "$SAKER_BUILD/bin/probe" -n 2>"$dir/probe.log" ||
	{ echo "1..0 # SKIP no BPF: $(tail -n 1 "$dir/probe.log")"; exit 0; }

# The image: the programs, and what there is to steal.
chmod 755 "$dir"
root=$dir/rootfs
mkdir -p "$dir/bin" "$root/etc/cron.d" "$root/var/log" "$root/root/.ssh" "$root/srv"
for place in "$dir/bin" "$root/bin"; do
	cp "$SAKER_BUILD/tests/helpers/deed" "$place/deed"
	for name in $(PYTHONPATH=$here/tests/helpers python3 -c 'from rules_deeds import NAMES; print(*NAMES)'); do
		ln -s deed "$place/$name"
	done
done
for applet in chmod cp ln mv rm; do
	ln -s busybox "$root/bin/$applet"
done
touch "$root/etc/shadow" "$root/etc/cron.d/job" "$root/root/.ssh/id" "$root/srv/secret"
touch "$dir/liblzma.so.5.6.1" "$dir/liblzma.so.5.4.1"
echo '-----BEGIN RSA PRIVATE KEY-----' >"$dir/key"
tar -C "$root" -cf "$dir/rootfs.tar" .

engines=
for engine in docker podman; do
	if "${engine}_start"; then
		engines="$engines $engine"
	else
		echo "# SKIP $engine: $(tail -n 1 "$dir/$engine.log")"
	fi
done
ENGINES=$engines ENGINES_IMAGE=$ENGINES_IMAGE timeout 400 python3 "$here/tests/helpers/rules.py" "$dir" \
	"$rules/falco_rules.yaml" "$rules/falco-incubating_rules.yaml"
