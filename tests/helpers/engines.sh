# shellcheck shell=sh disable=SC2034  # whoever sources this uses ENGINES_WHY
# Private container engines for live tests: everything below one folder, everything gone afterwards. To be sourced by sh.
#
#   engines_begin DIR      makes an image's root folder and an archive of it; else ENGINES_WHY says why that is impossible
#   docker_start           starts a dockerd; `docker` is then its client. Fails with the reason in DIR/docker.log
#   podman_start           prepares podman; `podman_` is it. Fails with the reason in DIR/podman.log
#   engines_end            removes every container, ends dockerd, removes mounts and cgroups; to be called from a trap
#
# The image is $ENGINES_IMAGE: busybox with a user carol (4242) and a group dancers (77).
ENGINES_IMAGE=example.test:5000/team/busy:1.2

engines_begin() {
	PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
	ENGINES_DIR=$1
	[ "$(id -u)" -eq 0 ] || { ENGINES_WHY="needs root"; return 1; }
	[ -x /bin/busybox ] || { ENGINES_WHY="no /bin/busybox"; return 1; }
	root=$ENGINES_DIR/rootfs
	mkdir -p "$root/bin" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/root" "$root/usr/bin"
	cp /bin/busybox "$root/bin/"
	for applet in sh sleep ls cat echo id true; do
		ln -sf busybox "$root/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\ncarol:x:4242:77::/home/carol:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\ndancers:x:77:carol\n' >"$root/etc/group"
	tar -C "$root" -cf "$ENGINES_DIR/rootfs.tar" .
}

# No bridge and no packet filter rules: nothing outside of the folder is touched.
docker_start() {
	command -v dockerd >/dev/null || { echo "no dockerd" >"$ENGINES_DIR/docker.log"; return 1; }
	mkdir -p "$ENGINES_DIR/docker"
	dockerd --data-root "$ENGINES_DIR/docker/lib" --exec-root "$ENGINES_DIR/docker/run" -p "$ENGINES_DIR/docker/pid" \
		-H "unix://$ENGINES_DIR/docker/socket" --bridge=none --iptables=false --ip6tables=false --ip-forward=false \
		--ip-masq=false --userland-proxy=false --exec-opt native.cgroupdriver=cgroupfs \
		>"$ENGINES_DIR/docker.log" 2>&1 </dev/null &
	ENGINES_DOCKERD=$!
	DOCKER_HOST=unix://$ENGINES_DIR/docker/socket
	export DOCKER_HOST
	tries=0
	until docker version >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] && kill -0 "$ENGINES_DOCKERD" 2>/dev/null || return 1
		sleep 0.1
	done
	docker import "$ENGINES_DIR/rootfs.tar" "$ENGINES_IMAGE" >>"$ENGINES_DIR/docker.log" 2>&1
}

podman_start() {
	command -v podman >/dev/null || { echo "no podman" >"$ENGINES_DIR/podman.log"; return 1; }
	command -v runc >/dev/null || { echo "no runc" >"$ENGINES_DIR/podman.log"; return 1; }
	printf '%s\n' '[containers]' 'default_ulimits=["nofile=1024:1024","nproc=1024:1024"]' 'netns="none"' '[engine]' \
		'cgroup_manager="cgroupfs"' 'events_logger="file"' 'runtime="runc"' >"$ENGINES_DIR/containers.conf"
	CONTAINERS_CONF=$ENGINES_DIR/containers.conf
	export CONTAINERS_CONF
	podman_ import "$ENGINES_DIR/rootfs.tar" "$ENGINES_IMAGE" >"$ENGINES_DIR/podman.log" 2>&1
}

podman_() {
	podman --root "$ENGINES_DIR/podman/root" --runroot "$ENGINES_DIR/podman/run" --tmpdir "$ENGINES_DIR/podman/tmp" "$@"
}

# Waits for what podman has started beside itself: conmon, and a clean-up that mounts things again.
podman_wait() {
	tries=0
	while pgrep -f "$ENGINES_DIR/podman" >/dev/null && [ "$tries" -lt 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

# What dockerd and podman leave mounted, innermost first.
engines_umount() {
	awk -v dir="$ENGINES_DIR/" 'index($2, dir) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r umount 2>/dev/null
}

engines_end() {
	if [ -n "$ENGINES_DOCKERD" ]; then
		docker ps -qa 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1
		kill "$ENGINES_DOCKERD" 2>/dev/null
		wait "$ENGINES_DOCKERD" 2>/dev/null
	fi
	if [ -n "$CONTAINERS_CONF" ]; then
		podman_ rm -t 0 -fa >/dev/null 2>&1
		podman_wait
	fi
	engines_umount
	# The empty parents that they leave; one that another engine uses is not empty.
	for parent in docker libpod_parent; do
		for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
			[ ! -d "$hierarchy/$parent" ] || find "$hierarchy/$parent" -depth -type d -exec rmdir {} + 2>/dev/null
		done
	done
}
