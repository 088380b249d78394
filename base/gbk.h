#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * GBK (code page 936), as spreadsheets in China save a table in CSV. Not by
 * iconv(3), whose module for it is not installed everywhere.
 */

/* The text in UTF-8, with the number of its bytes in out_len; NULL when it is
 * not well-formed GBK. */
char *gbk_to_utf8(struct arena *arena, const char *s, size_t len,
                  size_t *out_len);

/* Code points of pairs of bytes, 0 where there is none: generated. */
#define GBK_LEAD_FIRST 0x81
#define GBK_LEAD_LAST 0xfe
#define GBK_TRAIL_FIRST 0x40
#define GBK_TRAIL_LAST 0xfe
extern const uint16_t gbk_table[];
