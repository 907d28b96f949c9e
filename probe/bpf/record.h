/* Building records: a slot of scratch memory, the items appended to it, and its way into the ring with the accounting of
 * what did not get there. */
#ifndef PROBE_BPF_RECORD_H
#define PROBE_BPF_RECORD_H

#include "kernel.h"
#include "../raw_plan.h"

enum {
	ANNOUNCE_NS = 100000000,
	SLOTS = 4,                     /* of each CPU: a program can interrupt another one that sleeps */
	TYPES_MAX = RAW_TYPES,
	TRAIL = 32,                    /* components that a path may have to be looked up in the plan */
	CLIMBS = 4,                    /* in so many pieces */
	NODES_HERE = 3,                /* of a tree that are looked up without a call */
	SLOT_NUMBERS = 16,
	PASSED_SHORT = 32,
	PASSED_MAX = 256,              /* of a path as passed that is looked at */
	RECORD_LAST = RAW_MAX - 3 * RAW_TEXT    /* an item begins before here */
};

struct walk {
	__u64 dentry, mnt, root_dentry, root_mnt;
	__u32 off;                     /* where in the record the components go */
	__u32 begin;                   /* where they began */
	__s32 result;                  /* enum raw_path, -1 on the way */
	__u32 twin;                    /* where its own root was met in another mount; that is at the top in what was open before unshare */
};

/* What fd_write is asked for. */
struct fd_ask {
	__u64 file;
	__u8 form, param, tells, pad;  /* enum raw_tells */
	__s32 fd;
};

/* The call that an event is made of. */
struct call {
	struct raw_call what;
	__u64 args[6];
	__s64 ret;
	__u32 compat;
	__u32 message;                 /* which one, of a call that moves many */
};

/* An address that a call was given, as struct sockaddr. */
struct peer {
	__u32 len, pad;                /* 0: none */
	union {
		__u16 family;
		struct {
			__u16 family;
			__u16 port;
			__u32 address;
		} v4;
		struct {
			__u16 family;
			__u16 port;
			__u32 flow;
			__u8 address[16];
		} v6;
		struct {
			__u16 family;
			char path[126];
		} local;
	};
};

/* What vector_piece goes through. */
struct vector {
	__u64 at, size;                /* the next piece; all pieces so far */
	__u32 from, n, keep, pad;      /* where in the record the bytes go, how many there are, how many are wanted */
};

struct slot {
	__u32 off;                     /* end of the record so far */
	__u32 taken, pad0;             /* by whom uses it; the only word that anybody else looks at meanwhile */
	__u64 task;                    /* whom facts_print, proc_fill, ... are asked about, and what they answer */
	__u64 print, actor;
	__u32 differs, flags;          /* flags: RAW_*, of a call's events */
	__u64 word[2];                 /* see words_at */
	struct walk walk;
	struct fd_ask ask;
	struct call call;
	struct peer peer;
	struct vector vector;
	struct raw_lines lines;        /* of the plan, that are left */
	struct raw_node_key key;
	struct raw_node node;
	__u64 file;                    /* that the call is about, where `told` says so; 0: not known */
	bool told;
	__u32 plan;                    /* which of the two */
	bool hit;                      /* the value that a range is looked for is in one */
	__s64 numbers[SLOT_NUMBERS];   /* by enum raw_number */
	__u64 caps[8];                 /* by enum raw_mask_of */
	__u32 text_len, pad4;          /* of what is in `text` */
	struct raw_lines found;        /* of the plan, whose ancestor is found */
	__u64 ancestor;
	bool unsure;                   /* a component is too long to say what is in it */
	__u32 rare;                    /* by place in `trail`, in which there may be a part; see name_rare */
	__u64 ends[2][2];              /* addresses, local and remote */
	__u32 address_len, pad3;
	__u64 trail[TRAIL];            /* see path_climb */
	__u32 depth, pad2;
	__u8 text[PASSED_MAX + 8];     /* of a path as passed */
	__u8 passed[PASSED_MAX + 8];   /* the same, of which `names` says where the components are, and how long */
	__u64 names[TRAIL][2];         /* as a dentry's: see name_of */
	__u32 n_names, name_at;        /* where in `passed` the next one begins */
	bool odd;                      /* there are too many, or `..` among them */
	__u8 data[RAW_MAX + 2 * RAW_TEXT];      /* what is written at a masked offset always fits */
};

/* A place in the record. The mask is for the verifier: offsets are kept below RAW_MAX by RECORD_LAST. */
#define AT(s, offset) ({ \
	__u64 at_ = (offset); \
	asm volatile("%0 &= %1" : "+r"(at_) : "i"(RAW_MAX - 1)); \
	(void *)((s)->data + at_); })

/* Tells the verifier that `n`, which it may have lost sight of, is at most `mask`, a power of two less one. */
#define BOUND(n, mask) do { \
	_Static_assert(((mask) & ((mask) + 1)) == 0, "a power of two less one"); \
	asm volatile("%0 &= %1" : "+r"(n) : "i"(mask)); \
} while (0)

/* Two words at any address, in s->word, as numbers: the verifier does no arithmetic on what it knows to be a pointer. So what is there is
 * taken for two numbers, whatever it is. Much cheaper than the helper, which older kernels need. */
static __always_inline void words_at(struct slot *s, __u64 address)
{
	if (can_cast) {
		struct timespec64 *two = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct timespec64));
		s->word[0] = two->tv_sec;
		s->word[1] = two->tv_nsec;
	} else if (bpf_probe_read_kernel(s->word, sizeof(s->word), (void *)address) != 0) {
		s->word[0] = s->word[1] = 0;
	}
}

#define WORD(s, n) ((s)->word[n])

/* A pointer as a number, by way of memory. */
#define NUMBER(s, pointer) ({ \
	*(volatile __u64 *)&(s)->word[0] = (__u64)(pointer); \
	*(volatile __u64 *)&(s)->word[0]; })

/* The address in a field, as a number. */
#if CAN_CAST
#define ADDRESS(s, type, object, field) ({ \
	(void)(s); \
	__u64 field_ = (__u64)(object) + bpf_core_field_offset(type, field); \
	(__u64)((struct timespec64 *)bpf_rdonly_cast((void *)field_, bpf_core_type_id_kernel(struct timespec64)))->tv_sec; })
#else
#define ADDRESS(s, type, object, field) ({ \
	__u64 object_ = (__u64)(object); \
	NUMBER(s, READ(type, object_, field)); })
#endif

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct slot);
	__uint(max_entries, SLOTS);    /* times the number of CPUs, set before load */
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct raw_counts);
	__uint(max_entries, TYPES_MAX);
} counts SEC(".maps");

/* Shared with user space. */
__u64 next_id = 1;                     /* ids of events */
__u64 definitions, definitions_lost, deep_paths;
__u64 lost[4];                         /* events, by the class that they had */
bool unannounced;                      /* records lie in the ring for which the reader was not woken */
__u64 announced;                       /* when it was last woken for definitions alone, boot clock */
const volatile __u64 ring_size = 0;

static __always_inline void count(__u32 type, enum raw_count what)
{
	struct raw_counts *c = bpf_map_lookup_elem(&counts, &type);

	if (c)
		__sync_fetch_and_add(&c->n[what & 7], 1);
}

static __always_inline struct slot *slot_take(void)
{
	__u32 first = bpf_get_smp_processor_id() * SLOTS;

	for (__u32 i = 0; i < SLOTS; i++) {
		__u32 index = first + i;
		struct slot *s = bpf_map_lookup_elem(&slots, &index);
		if (!s)
			return NULL;
		if (__sync_lock_test_and_set(&s->taken, 1))
			continue;
		s->off = 0;
		return s;
	}
	return NULL;
}

/* What was written there is written before: the snapshot may have gone on to another CPU than the one whose slot it is. On x86 every
 * store waits for those before it. */
static __always_inline void slot_give(struct slot *s)
{
#if defined(__TARGET_ARCH_x86)
	asm volatile("" ::: "memory");
	*(volatile __u32 *)&s->taken = 0;
#else
	__sync_lock_test_and_set(&s->taken, 0);
#endif
}

static __always_inline long record_put(struct slot *s, __u64 flags)
{
	__u64 len = s->off;

	asm volatile("%0 &= %1" : "+r"(len) : "i"(RAW_MAX - 1));
	((struct raw_head *)s->data)->len = len;
	return bpf_ringbuf_output(&ring, s->data, len, flags);
}

/* An event, for which the reader is woken: by force when there is something before it for which it was not. */
static __always_inline long record_send(struct slot *s)
{
	__u64 flags = unannounced ? BPF_RB_FORCE_WAKEUP : 0;

	unannounced = false;
	return record_put(s, flags);
}

/* What no event needs yet can wait, or short processes would cost the reader a wake-up each. */
static __always_inline long record_send_later(struct slot *s)
{
	__u64 now = ((struct raw_head *)s->data)->time;

	if (now - announced > ANNOUNCE_NS || bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) * 8 > ring_size) {
		announced = now;
		return record_send(s);
	}
	/* Before, for an event that comes behind it meanwhile; and after, as another one may have been told by then that it was woken for. */
	unannounced = true;
	long rc = record_put(s, BPF_RB_NO_WAKEUP);
	unannounced = true;
	return rc;
}

/* Begins an item at the end of the record: returns where its bytes go, at most RAW_TEXT + RAW_NAME of them, or NULL. */
static __always_inline void *item_begin(struct slot *s, __u8 form, __u8 param, __u32 aux)
{
	__u32 off = s->off;

	if (off > RECORD_LAST)
		return NULL;
	struct raw_item *it = AT(s, off);
	it->form = form;
	it->param = param;
	it->len = 0;
	it->aux = aux;
	return it + 1;
}

static __always_inline void item_end(struct slot *s, __u32 len)
{
	__u32 off = s->off;

	if (off > RECORD_LAST || len > 2 * RAW_TEXT - 64)
		return;
	struct raw_item *it = AT(s, off);
	it->len = len;
	s->off = off + sizeof(struct raw_item) + ((len + 7) & ~7u);
}

static __always_inline void item_aux(struct slot *s, __u32 aux)
{
	__u32 off = s->off;

	struct raw_item *it = AT(s, off);
	it->aux = aux;
}

/* Length of a user text beyond the RAW_TEXT bytes that were read of it. */
static __noinline __u64 text_rest(struct slot *s, __u64 user)
{
	__u64 n = 0;

	for (int i = 0; i < 32; i++) {
		long got = bpf_probe_read_user_str(s->data + RAW_MAX, RAW_TEXT, (void *)(user + n));
		if (got <= 0)
			break;
		n += got - 1;
		if (got < RAW_TEXT)
			break;
	}
	return n;
}

/* A text of the caller's memory: a path or another one. */
__noinline int item_text(struct slot *s, __u32 form, __u32 param, __u64 user)
{
	void *to;

	if (!s || !user || !(to = item_begin(s, form, param, 0)))
		return 0;
	long n = bpf_probe_read_user_str(to, RAW_TEXT + 1, (void *)user);
	if (n <= 0)
		return 0;
	__u64 whole = n - 1;
	if (n > RAW_TEXT)
		whole += text_rest(s, user + RAW_TEXT);
	item_aux(s, whole);
	item_end(s, (n - 1) & (2 * RAW_TEXT - 1));
	return 0;
}

/* A piece of the caller's memory; `whole` bytes from `user`, of which `most` are kept. */
static __always_inline void item_memory(struct slot *s, __u8 param, __u64 user, __u64 whole, __u32 most)
{
	void *to = item_begin(s, FORM_BYTES, param, whole);
	__u32 n = whole < most ? whole : most;

	if (!to || n > RAW_TEXT)
		return;
	BOUND(n, 2 * RAW_TEXT - 1);
	if (n == 0)
		item_end(s, 0);
	else if (user && bpf_probe_read_user(to, n, (void *)user) == 0)
		item_end(s, n);
}

static __always_inline void item_bytes(struct slot *s, __u8 param, __u64 user, __u64 whole)
{
	if (whole)
		item_memory(s, param, user, whole, RAW_TEXT);
}

static __always_inline void item_word(struct slot *s, __u8 form, __u8 param, __u64 n)
{
	__u64 *to = item_begin(s, form, param, 0);

	if (to) {
		*to = n;
		item_end(s, sizeof(*to));
	}
}

static __always_inline void item_number(struct slot *s, __u8 param, __u64 n)
{
	item_word(s, FORM_NUMBER, param, n);
}

#endif
