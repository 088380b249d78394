#pragma once

#include <stddef.h>

struct arena;
struct fold;

/*
 * Folds a text so that what riders type in many ways compares equal: NFKC and
 * case folding (utf8proc), traditional to simplified (OpenCC t2s), Chinese
 * punctuation to ASCII, runs of white space to one space, trimmed.
 * "随手拍", "隨手拍" and "Ｓ12" / "s12" meet.
 */
struct fold *fold_new(void); /* NULL when OpenCC's dictionary is missing */
void fold_free(struct fold *fold);

/* Folds the first len bytes of valid UTF-8 s. */
char *fold_text(const struct fold *fold, struct arena *arena, const char *s,
                size_t len);
