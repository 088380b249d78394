#pragma once

/* The source of the function library (store/functions/), built in. */
extern const unsigned char store_functions[];
