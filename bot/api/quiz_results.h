#pragma once

struct api_call;

/* GET /quizzes/{id}/results and its table in CSV. */
void quiz_results_get(struct api_call *call);
void quiz_results_csv(struct api_call *call);
