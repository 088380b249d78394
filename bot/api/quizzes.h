#pragma once

struct bot;

/* /quizzes */
void quizzes_add_routes(struct bot *bot);
