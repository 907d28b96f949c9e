/* Samples, with what FALCO_STATS_EXTRA_… in the environment adds to each. */
#include "samples.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsontext.h"
#include "wire/log.h"
#include "wire/pack.h"

extern char **environ;

static void put_string(struct pack *p, const char *s, size_t n)
{
	jsontext_string(p, (const uint8_t *)s, n);
}

static void put_extra(struct pack *p)
{
	static const char prefix[] = "FALCO_STATS_EXTRA_";

	for (char **e = environ; *e; e++) {
		const char *name = *e + sizeof prefix - 1, *value = strchr(*e, '=');
		if (strncmp(*e, prefix, sizeof prefix - 1) != 0 || !value)
			continue;
		jsontext_raw(p, ", ");
		put_string(p, name, (size_t)(value - name));
		jsontext_raw(p, ": ");
		put_string(p, value + 1, strlen(value + 1));
	}
}

static void put_counts(struct pack *p, const char *name, uint64_t events, uint64_t drops)
{
	char text[160];

	snprintf(text, sizeof text, ", \"%s\": {\"events\": %" PRIu64 ", \"drops\": %" PRIu64 ", \"preemptions\": 0}", name, events, drops);
	jsontext_raw(p, text);
}

void samples_tick(struct samples *s, const struct drops_count *now, uint64_t steady)
{
	struct pack line = {0};
	char text[64];

	if (!s->file || !*s->file || steady < s->next)
		return;
	s->next = steady + s->interval;
	uint64_t events = now->events - s->before.events, drops = now->drops - s->before.drops;
	snprintf(text, sizeof text, "{\"sample\": %" PRIu64, ++s->n);
	jsontext_raw(&line, text);
	put_extra(&line);
	put_counts(&line, "cur", now->events, now->drops);
	put_counts(&line, "delta", events, drops);
	snprintf(text, sizeof text, ", \"drop_pct\": %g},\n", events ? 100.0 * (double)drops / (double)events : 0.0);
	jsontext_raw(&line, text);
	s->before = *now;
	FILE *f = fopen(s->file, "ae");
	if (!f || fwrite(line.data, 1, line.len, f) != line.len)
		log_warn("statistics: %s", s->file);
	if (f)
		fclose(f);
	pack_free(&line);
}
