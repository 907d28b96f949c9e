/* Texts that need not be UTF-8, as JSON. */
#ifndef MATCH_TEXT_JSON_H
#define MATCH_TEXT_JSON_H

struct json_t;

/* A new JSON string. A text that is not UTF-8 (cut inside of a character, or with escaped bytes) has question marks for all that is
 * not ASCII. */
struct json_t *text_json(const char *p);

#endif
