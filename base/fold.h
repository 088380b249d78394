#pragma once

#include <stddef.h>

struct arena;

/*
 * Folds a text so that what riders type in many ways compares equal: NFKC and
 * case folding (utf8proc), traditional to simplified characters (OpenCC's, see
 * han_gen.c), Chinese punctuation to ASCII, runs of white space to one space,
 * trimmed. "随手拍", "隨手拍" and "Ｓ12" / "s12" meet.
 */

/* Folds the first len bytes of valid UTF-8 s. */
char *fold_text(struct arena *arena, const char *s, size_t len);
char *fold_string(struct arena *arena, const char *s);
