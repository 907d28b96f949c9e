#!/bin/sh
# Six bad things done for real before the real pipeline, by hand, by a script and under sudo: exactly one right alert for
# each, none for its harmless twin; with our rules, and with Falco's where they are at hand.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
SAKER_BUILD=${SAKER_BUILD:-$here/build}
export SAKER_BUILD PYTHONDONTWRITEBYTECODE=1
ENGINES_DOCKERD='' CONTAINERS_CONF='' ENGINES_WHY=
. "$here/tests/helpers/engines.sh"
dir=$(mktemp -d) || exit 1
trap 'engines_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
ways='hand script sudo'
falco=$here/../shared/data/rules/falco_rules.yaml

engines_begin "$dir" || { echo "1..0 # SKIP $ENGINES_WHY"; exit 0; }
timeout 20 "$SAKER_BUILD/bin/probe" -n 2>"$dir/probe.log" ||
	{ echo "1..0 # SKIP no BPF: $(tail -n 1 "$dir/probe.log")"; exit 0; }

bad=$SAKER_BUILD/tests/helpers/bad_thing
cp "$bad" "$dir/rootfs/bin/"
ln -s busybox "$dir/rootfs/bin/chmod"
tar -C "$dir/rootfs" -cf "$dir/rootfs.tar" .
for way in $ways; do
	mkdir "$dir/$way"
	for name in reader runner tracer chage; do
		cp "$bad" "$dir/$way/$name"
	done
	ln -s /etc/shadow "$dir/$way/link"
	ln -s /etc/passwd "$dir/$way/shadow"
done
chmod 755 "$dir"
mkdir "$dir/pts"
mount -t devpts devpts "$dir/pts" || { echo "1..0 # SKIP no terminals"; exit 0; }

docker=1
docker_start || { docker=; echo "# SKIP docker: $(tail -n 1 "$dir/docker.log")"; }

# container WAY: starts one and prints its id.
container() {
	timeout 20 docker run -d --network none --name "saker-$1" "$ENGINES_IMAGE" sleep 300 2>>"$dir/docker.log"
}

# with RULES FILE: a container for each way, then everything.
with() {
	containers=
	for way in $ways; do
		id=
		[ -z "$docker" ] || id=$(container "$way") || echo "not ok - $1: a container: $(tail -n 1 "$dir/docker.log")"
		containers="$containers $way=$id"
	done
	# shellcheck disable=SC2086  # a list
	ENGINES_IMAGE=$ENGINES_IMAGE timeout 100 python3 "$here/tests/helpers/bad_things.py" "$dir" "$1" "$2" $containers ||
		[ $? -eq 1 ] || echo "not ok - $1: all of it was done"
	[ -z "$docker" ] || timeout 20 docker rm -f saker-hand saker-script saker-sudo >/dev/null 2>&1
	rm -f "$dir"/*.report "$dir"/*.errors
}

{
	with saker "$here/rules/saker_rules.yaml"
	if [ -f "$falco" ]; then
		with falco "$falco"
	else
		echo "ok - falco # SKIP no $falco"
	fi
} >"$dir/tap"
cat "$dir/tap"
echo "1..$(grep -cE '^(not )?ok' "$dir/tap")"
! grep -q '^not ok' "$dir/tap"
