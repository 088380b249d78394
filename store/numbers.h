#pragma once

#include <stdint.h>

struct store;

/*
 * Blocks of numbers reserved in the store ahead of need. Private to store/;
 * the public face is store_next_number().
 */
struct store_numbers *numbers_new(struct store *store);
void numbers_free(struct store_numbers *numbers);
/* Reserves another block when few are left. */
void numbers_refill(struct store_numbers *numbers);
