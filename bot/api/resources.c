#include "bot/api/resources.h"

#include "bot/api/audience.h"
#include "bot/api/documents.h"
#include "bot/api/events.h"
#include "bot/api/feeds.h"
#include "bot/api/groups.h"
#include "bot/api/leaderboard.h"
#include "bot/api/materials.h"
#include "bot/api/plans.h"
#include "bot/api/questions.h"
#include "bot/api/quizzes.h"
#include "bot/api/session.h"
#include "bot/api/stations.h"
#include "bot/api/tokens.h"
#include "bot/api/users.h"
#include "bot/api/webhooks.h"

void resources_add(struct bot *bot) {
    session_add_routes(bot);
    users_add_routes(bot);
    tokens_add_routes(bot);
    documents_add_routes(bot);
    events_add_routes(bot);
    signups_add_routes(bot);
    scores_add_routes(bot);
    event_files_add_routes(bot);
    stations_add_routes(bot);
    webhooks_add_routes(bot);
    questions_add_routes(bot);
    quizzes_add_routes(bot);
    leaderboard_add_routes(bot);
    audience_add_routes(bot);
    groups_add_routes(bot);
    materials_add_routes(bot);
    feeds_add_routes(bot);
    plans_add_routes(bot);
}
