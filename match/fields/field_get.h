/* The getters that fields.def names, and what they share. For the files field*.c alone. */
#ifndef MATCH_FIELD_GET_H
#define MATCH_FIELD_GET_H

#include "match/context.h"
#include "field.h"
#include "field_text.h"
#include "match/state/state.h"

/* `what` of a getter that reads a fact: whose it is, and which. */
enum subject { OF_SELF, OF_PARENT, OF_SESSION, OF_GROUP, OF_VGROUP };
#define FACT_OF(subject, fact) ((uint32_t)OF_##subject << 8 | FACT_##fact)

/* field_process.c */
field_getter get_text_fact, get_int_fact, get_time_fact, get_cwd, get_tty, get_caps, get_flag_fact, get_duration,
	get_start, get_ctime_to_start, get_pidns_to_ctime, get_leader, get_is_leader, get_tid, get_vtid, get_is_main, get_nametid, get_fd_kind;
/* field_argv.c */
field_getter get_args, get_cmdline, get_exeline, get_args_count, get_args_bytes, get_env;
/* field_ancestor.c; `what` is an enum of there */
enum ancestor_what { ANCESTOR_NAME, ANCESTOR_EXE, ANCESTOR_EXEPATH, ANCESTOR_CMDLINE, ANCESTOR_ARGS, ANCESTOR_PID, ANCESTOR_ENV };
field_getter get_ancestor, get_own_pid, get_login_shell;
/* field_user.c */
enum user_what { USER_NAME, USER_HOME, USER_SHELL, USER_LOGINNAME, USER_GROUP };
field_getter get_user, get_uid, get_gid, get_loginuid;
/* field_event.c */
enum time_what { TIME_LOCAL, TIME_LOCAL_S, TIME_ISO, TIME_DATE, TIME_DATE_S };
enum part { PART_ALL, PART_SECONDS, PART_NS };
enum event_flag { IS_IO, IS_READ, IS_WRITE, IS_WAIT };
enum open_flag { OPEN_READ, OPEN_WRITE, OPEN_EXEC, OPEN_CREATE };
enum error_kind { ERROR_ANY, ERROR_FILE, ERROR_NET, ERROR_MEMORY, ERROR_OTHER };
enum { LENGTH_IN = 1, LENGTH_OUT = 2, LENGTH_FILE = 4, LENGTH_NET = 8 };
field_getter get_num, get_time, get_rawtime, get_reltime, get_deltatime, get_count, get_around, get_latency, get_source, get_is_async, get_asynctype, get_hostname, get_dir, get_type,
	get_type_is, get_syscall_type, get_category, get_cpu, get_res, get_rawres, get_failed, get_event_flag, get_io_dir,
	get_is_syslog, get_one, get_error, get_exit_count, get_open, get_buffer, get_buffer_length, get_zero, get_zero_text;
/* field_arg.c */
field_getter get_arg, get_rawarg, get_args_text;
/* field_path.c; `what`: which path of the event, and whether as passed */
enum path_what { PATH_NAME, PATH_SOURCE, PATH_TARGET, PATH_RAW = 8 };
field_getter get_fs_path, get_abspath;
/* field_fd.c */
field_getter get_fd_num, get_fd_type, get_fd_typechar, get_fd_name, get_fd_nameraw, get_fd_directory, get_fd_filename,
	get_fd_l4proto, get_fd_sockfamily, get_fd_connected, get_fd_name_changed, get_fd_dev, get_fd_ino, get_fd_layer,
	get_fd_types, get_fd_uid, get_fd_container, get_fd_is_server;
/* field_net.c; `what` is which end */
enum end { END_CLIENT, END_SERVER, END_LOCAL, END_REMOTE, END_EITHER };
field_getter get_ip, get_port, get_port_text, get_host_name;
/* field_container.c */
enum { MOUNT_WHOLE = 99 };     /* else the number of the part */
field_getter get_container_id, get_container_text, get_container_flag, get_container_age, get_mounts, get_mount, get_label, get_labels;
/* field_usage.c */
enum usage { USAGE_FDS, USAGE_VM_SIZE, USAGE_VM_RSS, USAGE_VM_SWAP, USAGE_PF_MAJOR, USAGE_PF_MINOR, USAGE_THREADS, USAGE_CHILDREN };
enum { TIME_OF_ONE, TIME_OF_ALL };      /* get_exec_time */
enum { MEMORY_BYTES = 256 };    /* or'ed to what get_main_memory gives */
field_getter get_usage, get_fd_usage, get_main_memory, get_cpu_share, get_exec_time, get_procinfo_count, get_cgroups, get_cgroup;
/* field_fdlist.c */
enum fdlist_what { LIST_NUMBERS, LIST_NAMES, LIST_CLIENT_IPS, LIST_SERVER_IPS, LIST_CLIENT_PORTS, LIST_SERVER_PORTS };
field_getter get_fdlist, get_standard_name;
/* field_json.c */
field_getter get_json_value, get_json_document, get_json_rawtime;
/* field_pointer.c */
field_getter get_pointer;
/* field_audit.c; `what`: where in the event, or which part of a container (and of which containers, times 256) */
enum audit_what {
	AUDIT_ID, AUDIT_STAGE, AUDIT_DECISION, AUDIT_REASON, AUDIT_OPENSHIFT_DECISION, AUDIT_OPENSHIFT_USERNAME, AUDIT_POLICY_FAILURE,
	AUDIT_POD_VIOLATIONS, AUDIT_USER, AUDIT_GROUPS, AUDIT_IMPERSONATED, AUDIT_VERB, AUDIT_URI, AUDIT_TARGET_NAME,
	AUDIT_TARGET_NAMESPACE, AUDIT_TARGET_RESOURCE, AUDIT_TARGET_SUBRESOURCE, AUDIT_SUBJECTS, AUDIT_ROLE, AUDIT_CONFIGMAP,
	AUDIT_HOST_IPC, AUDIT_HOST_NETWORK, AUDIT_HOST_PID, AUDIT_RUN_AS_USER, AUDIT_RUN_AS_GROUP, AUDIT_RULES, AUDIT_FS_GROUP,
	AUDIT_SUPPLEMENTAL, AUDIT_SERVICE_TYPE, AUDIT_PORTS, AUDIT_VOLUMES, AUDIT_RESPONSE_NAME, AUDIT_CODE, AUDIT_RESPONSE_REASON,
	AUDIT_AGENT, AUDIT_SOURCE_IPS, AUDIT_CONTAINERS, AUDIT_INIT, AUDIT_EPHEMERAL
};
enum audit_subjects { AUDIT_USERS, AUDIT_ACCOUNTS, AUDIT_NS_ACCOUNTS, AUDIT_SUBJECT_GROUPS };
enum audit_rules { AUDIT_API_GROUPS, AUDIT_URLS, AUDIT_VERBS, AUDIT_RESOURCES };
enum audit_volume { AUDIT_HOSTPATH, AUDIT_DRIVER, AUDIT_VOLUME_TYPE };
enum audit_part {
	PART_ARGS, PART_COMMAND, PART_NAME, PART_IMAGE, PART_REPOSITORY, PART_PORT, PART_PRIVILEGED, PART_ESCALATION, PART_READ_ONLY,
	PART_USER, PART_EFFECTIVE_USER, PART_GROUP, PART_EFFECTIVE_GROUP, PART_PROC_MOUNT, PART_CAPABILITIES
};
#define AUDIT_PART(where, part) ((uint32_t)AUDIT_##where << 8 | PART_##part)
field_getter get_audit, get_audit_list, get_audit_pod_name, get_audit_uri_param, get_audit_subjects, get_audit_has_name,
	get_audit_rules, get_audit_containers, get_audit_first, get_audit_privileged, get_audit_volumes, get_audit_hostpath;

/* Common steps. */
/* JSON as text: strings bare. */
int field_json_text(const struct json_t *v, struct context *c, struct field_value *out);
const struct process *field_subject(const struct context *c, enum subject who, const struct thread **t);
/* The parent; also when only the event's own facts tell it. */
const struct process *field_parent(const struct context *c);
/* A fact of the acting task, or what stands for it in the event when its process is unknown. */
bool field_fact(const struct context *c, enum fact n, struct value *v);
/* A fact's text; empty when nil. */
int field_fact_text(struct field_value *out, const struct process *p, const struct thread *t, enum fact n);
/* Text of a process's argv (`what`: how it begins), in the arena. */
enum argv_form { ARGV_ARGS, ARGV_CMDLINE, ARGV_EXELINE };
int field_argv(struct context *c, const struct process *p, const struct thread *t, enum argv_form form, struct field_value *out);
int field_env(struct context *c, const struct process *p, const char *name, struct field_value *out);  /* 0: has no `name` */
/* Name of a user or group, with Falco's words for those that have none. */
int field_user_name(const struct context *c, bool group, int64_t number, struct field_value *out);
/* Reads the id of the task's container. Returns 1, 0 on the host, -1 when not known. */
int field_container(const struct context *c, const char **id, uint32_t *n);

/* Cut or whole, as a text; false for other values. */
bool field_bytes(const struct value *v, const char **p, uint32_t *n);
/* An address of 4 or 16 bytes as text. */
void field_address(unsigned len, const uint8_t *addr, char *text, size_t cap);
/* A parameter by name, or NULL. */
const struct value *field_param(const struct context *c, const char *name);
bool field_param_i64(const struct context *c, const char *name, int64_t *i);

#endif
