#include "bot/audience_internal.h"

void asking_fetch(struct audience_asking *asking) {
    askings_fetched(asking, OK);
}
