#!/bin/sh
# enrich beside a real docker and a real podman: what it tells of their containers, and of the users in them.
here=$(cd "$(dirname "$0")/../.." && pwd)
. "$here/tests/helpers/engines.sh"
dir=$(mktemp -d) || exit 1
trap 'engines_end; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

engines_begin "$dir" || { echo "1..0 # SKIP $ENGINES_WHY"; exit 0; }

# Prints "ENGINE NAME PRIVILEGED PID" for each container that runs or was made; PID 0: it does not run.
docker_containers() {
	docker run -d --network none --name dk1 -v /tmp:/in:ro "$ENGINES_IMAGE" sleep 300 >/dev/null 2>>"$dir/docker.log" || return 1
	docker create --privileged --network none --name dk2 "$ENGINES_IMAGE" sleep 300 >/dev/null 2>>"$dir/docker.log" || return 1
	for name in dk1 dk2; do
		docker inspect -f "docker {{.Id}} $name {{.HostConfig.Privileged}} {{.State.Pid}}" "$name"
	done
}

podman_containers() {
	podman_ run -d --name pm1 -v /tmp:/in:ro "$ENGINES_IMAGE" sleep 300 >/dev/null 2>>"$dir/podman.log" || return 1
	podman_ run -d --privileged --name pm2 "$ENGINES_IMAGE" sleep 300 >/dev/null 2>>"$dir/podman.log" || return 1
	for name in pm1 pm2; do
		podman_ inspect -f "podman {{.Id}} $name {{.HostConfig.Privileged}} {{.State.Pid}}" "$name"
	done
}

for engine in docker podman; do
	{ "${engine}_start" && "${engine}_containers" >>"$dir/containers"; } ||
		echo "# SKIP $engine: $(tail -n 1 "$dir/$engine.log")"
done
[ -s "$dir/containers" ] || { echo "1..0 # SKIP neither docker nor podman runs here"; exit 0; }

export ENRICH="${SAKER_BUILD:-$here/build}/bin/enrich" DIR="$dir" IMAGE="$ENGINES_IMAGE"
export PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
python3 - <<'EOF'
import os, subprocess
import wire
from wire import *

DIR, IMAGE = os.environ["DIR"], os.environ["IMAGE"]
BOOT = open("/proc/sys/kernel/random/boot_id").read().strip()
ARGS = [os.environ["ENRICH"], "-O", "enrich.docker_root=%s/docker/lib" % DIR, "-O", "enrich.podman_root=%s/podman/root" % DIR]
count, failed = 0, False


def is_(found, expected, what):
    global count, failed
    count += 1
    good = found == expected
    print("%sok %d - %s" % ("" if good else "not ", count, what))
    if not good:
        failed = True
        print("# found    %r\n# expected %r" % (found, expected))


def cgroup_of(engine, id_, pid):
    """As the kernel has it; of a container that does not run as it would be."""
    if not pid:
        return "/docker/" + id_
    for line in open("/proc/%d/cgroup" % pid):
        if id_ in line:
            return line.rstrip("\n").split(":", 2)[2]
    raise SystemExit("Bail out! %s %s is in no cgroup of its own" % (engine, id_))


for line in open(os.path.join(DIR, "containers")):
    engine, id_, name_, privileged, pid = line.split()
    pid, short = int(pid), id_[:12]
    stream = (hello(("host", BOOT, "probe", TIME), "live") + frame(CGROUP, 77, cgroup_of(engine, id_, pid).encode(), True) +
              proc(pid, key_=1, cgroup=77, container=False) + end())
    p = subprocess.run(ARGS, input=stream, capture_output=True, timeout=20)
    records = [(k, unpack(b)) for k, b in wire.frames(p.stdout)]
    container = [r for k, r in records if k == CONTAINER]
    fields = dict(container[0][1]) if container else {}
    mounts = fields.pop("mounts", [])
    digest, image_id = fields.pop("image.digest", ""), fields.pop("image.id", "")
    is_([len(container), container[0][0], container[0][2]] if container else None, [1, short, engine + ":disk"],
        "%s: one CONTAINER" % name_)
    is_(fields, {"full_id": id_, "type": engine, "name": name_, "image": IMAGE, "image.repository": IMAGE.rsplit(":", 1)[0],
                 "image.tag": "1.2", "privileged": privileged == "true"}, "%s: name, image, privileged" % name_)
    is_(len(image_id), 64, "%s: the image's id" % name_)
    is_(digest.startswith("sha256:"), engine == "podman", "%s: a digest where the engine has one on disk" % name_)
    if name_.endswith("1"):
        is_([m[:2] + m[3:4] for m in mounts], [["/tmp", "/in", False]], "%s: its mount" % name_)
    is_([unpack(b)[3 + FACTS.index("container")] for k, b in wire.frames(p.stdout) if k == PROC], [short],
        "%s: PROC names it" % name_)
    own = [r[1:] for k, r in records if k == NAME and r[0] == short]
    is_(own, [["user", 0, b"root", b"/root", b"/bin/sh"], ["user", 4242, b"carol", b"/home/carol", b"/bin/sh"],
              ["group", 0, b"root", None, None], ["group", 77, b"dancers", None, None]] if pid else [],
        "%s: the users and groups of its own files" % name_)
    kinds = [k for k, r in records if k in (CONTAINER, PROC) or (k == NAME and r[0] == short)]
    is_(kinds and kinds[-1], PROC, "%s: all before the PROC" % name_)

# A process of the host is not asked for a container's names, whatever a stream says of it.
stream = (hello(("host", BOOT, "probe", TIME), "live") + frame(CGROUP, 77, b"/docker/" + b"0" * 64, True) +
          proc(os.getpid(), key_=1, cgroup=77, container=False) + end())
p = subprocess.run(ARGS, input=stream, capture_output=True, timeout=20)
is_([r for k, b in wire.frames(p.stdout) if k == NAME for r in [unpack(b)] if r[0] is not None], [],
    "no names from a process that is not in the container")

print("1..%d" % count)
raise SystemExit(failed)
EOF
