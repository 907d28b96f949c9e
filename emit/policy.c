/* From keys to a policy. */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

static double real(const struct conf *conf, enum conf_key k)
{
	return strtod(conf_text(conf, k), NULL);
}

struct internal_policy policy_read(const struct conf *conf)
{
	uint64_t ms = 0;

	conf_duration(conf_text(conf, CONF_METRICS_INTERVAL), &ms);
	return (struct internal_policy){
		.drops = {
			.threshold = real(conf, CONF_DROPS_THRESHOLD), .actions = drops_actions(conf_text(conf, CONF_DROPS_ACTIONS)),
			.rate = real(conf, CONF_DROPS_RATE), .max_burst = real(conf, CONF_DROPS_BURST),
			.simulate = conf_bool(conf, CONF_DROPS_SIMULATE),
		},
		.timeouts = (unsigned)conf_number(conf, CONF_TIMEOUTS),
		.metrics = {
			.enabled = conf_bool(conf, CONF_METRICS), .rule = conf_bool(conf, CONF_METRICS_RULE), .interval = ms * MS,
			.file = conf_text(conf, CONF_METRICS_FILE), .rules = conf_bool(conf, CONF_METRICS_RULES),
			.resources = conf_bool(conf, CONF_METRICS_RESOURCES), .kernel = conf_bool(conf, CONF_METRICS_KERNEL),
			.empty = conf_bool(conf, CONF_METRICS_EMPTY), .megabytes = conf_bool(conf, CONF_METRICS_MB),
		},
		.old = strcmp(conf_text(conf, CONF_COMPAT), "0.28") == 0,
	};
}

int policy_check(const struct conf *conf, char *err, size_t errlen)
{
	const char *actions = conf_text(conf, CONF_DROPS_ACTIONS);

	if (strstr(actions, "ignore") && drops_actions(actions) & (DROPS_LOG | DROPS_ALERT)) {
		snprintf(err, errlen, "syscall_event_drops.actions: found '%s', expected ignore without log and alert", actions);
		return -1;
	}
	if (!conf_bool(conf, CONF_METRICS))
		return 0;
	if (conf_bool(conf, CONF_METRICS_RULE) || *conf_text(conf, CONF_METRICS_FILE))
		return 0;
	snprintf(err, errlen, "metrics.enabled is true, but there is neither metrics.output_rule nor metrics.output_file");
	return -1;
}
