#include "base/mem.h"
#include "bot/api/open311_parts.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/server.h"
#include "i18n/catalog.h"

#include <string.h>

#define SPECIFICATION "http://wiki.open311.org/GeoReport_v2"
/* When what these pages answer last changed. */
#define CHANGESET "2026-11-22T00:00:00+08:00"

/* ---- what there is ---------------------------------------------------------
 */

static const struct service {
    const char *code;
    const char *name, *words, *about; /* keys of texts */
} services[] = {
    {"fire", "category.fire", "category.fire.words", "open311.fire"},
    {"safety", "category.safety", "category.safety.words", "open311.safety"},
    {"sanitation", "category.sanitation", "category.sanitation.words",
     "open311.sanitation"},
    {"damage", "category.damage", "category.damage.words", "open311.damage"},
    {"uncivil", "category.uncivil", "category.uncivil.words",
     "open311.uncivil"},
    {"other", "category.other", "category.other.words", "open311.other"},
};

const struct open311_attribute open311_attributes[] = {
    {"DANGER",
     NULL,
     "singlevaluelist",
     "open311.danger",
     {{"yes", "open311.danger.yes"}, {"no", "open311.danger.no"}}},
    {"OBJECT", "damage", "string", "open311.object", {{NULL, NULL}}},
};
const size_t n_open311_attributes = ARRAY_LEN(open311_attributes);

static const struct service *find(const char *code) {
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        if (strcmp(services[i].code, code) == 0)
            return &services[i];
    return NULL;
}

bool open311_is_service(const char *code) {
    return find(code) != NULL;
}

const char *open311_service_name(const struct open311_call *call,
                                 const char *code) {
    const struct service *service = find(code);
    return open311_text(call, (service == NULL ? &services[5] : service)->name);
}

/* ---- services --------------------------------------------------------------
 */

/* "a|b" as "a,b" */
static const char *keywords(struct open311_call *call,
                            const struct service *service) {
    char *words =
        arena_strdup(&call->arena, open311_text(call, service->words));
    for (char *at = words; (at = strchr(at, '|')) != NULL;)
        *at = ',';
    return words;
}

static json_t *service_json(struct open311_call *call,
                            const struct service *service) {
    return json_pack("{ss ss ss sb ss ss ss}", "service_code", service->code,
                     "service_name", open311_text(call, service->name),
                     "description", open311_text(call, service->about),
                     "metadata", 1, "type", "realtime", "keywords",
                     keywords(call, service), "group",
                     open311_text(call, "open311.group"));
}

static json_t *values_json(struct open311_call *call,
                           const struct open311_attribute *attribute) {
    json_t *values = json_array();
    for (size_t i = 0; attribute->values[i].value != NULL; i++)
        json_array_append_new(
            values,
            json_pack("{ss ss}", "key", attribute->values[i].value, "name",
                      open311_text(call, attribute->values[i].key)));
    return values;
}

static json_t *attribute_json(struct open311_call *call,
                              const struct open311_attribute *attribute,
                              int order) {
    json_t *json = json_pack(
        "{sb ss ss sb sn si ss}", "variable", 1, "code", attribute->code,
        "datatype", attribute->datatype, "required", 0, "datatype_description",
        "order", order, "description", open311_text(call, attribute->key));
    if (attribute->values[0].value != NULL)
        json_object_set_new(json, "values", values_json(call, attribute));
    return json;
}

static json_t *definition_json(struct open311_call *call,
                               const struct service *service) {
    json_t *attributes = json_array();
    int order = 0;
    for (size_t i = 0; i < n_open311_attributes; i++) {
        const struct open311_attribute *attribute = &open311_attributes[i];
        if (attribute->service == NULL ||
            strcmp(attribute->service, service->code) == 0)
            json_array_append_new(attributes,
                                  attribute_json(call, attribute, ++order));
    }
    return json_pack("{ss so}", "service_code", service->code, "attributes",
                     attributes);
}

void open311_get_services(struct open311_call *call) {
    if (call->id != NULL) {
        const struct service *service = find(call->id);
        if (service == NULL)
            open311_fail(call, 404, "service_code was not found");
        else
            open311_answer(call, "service_definition",
                           definition_json(call, service));
        return;
    }
    json_t *all = json_array();
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        json_array_append_new(all, service_json(call, &services[i]));
    open311_answer(call, "services", all);
}

/* ---- discovery -------------------------------------------------------------
 */

/* Where we are: as the settings say, else as whoever asks has found us. */
static const char *own_url(struct open311_call *call) {
    const struct config *config = call->bot->config;
    const char *host = http_field(call->request, HTTP_HOST);
    if (config->public_url != NULL)
        return arena_printf(&call->arena, "%s/open311/v2", config->public_url);
    if (host[strspn(host,
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789.-:[]")] != '\0')
        host = "localhost";
    return arena_printf(&call->arena, "%s://%s/open311/v2",
                        config->tls_cert != NULL ? "https" : "http", host);
}

void open311_get_discovery(struct open311_call *call) {
    const struct config *config = call->bot->config;
    json_t *endpoint =
        json_pack("{ss ss ss ss s[ss]}", "specification", SPECIFICATION, "url",
                  own_url(call), "changeset", CHANGESET, "type", "production",
                  "formats", "text/xml", "application/json");
    open311_answer(
        call, "discovery",
        json_pack(
            "{ss so ss s[o]}", "changeset", CHANGESET, "contact",
            open311_string(&call->arena, arena_printf(&call->arena, "%s %s",
                                                      config->operator_name,
                                                      config->contact)),
            "key_service", open311_text(call, "open311.key_service"),
            "endpoints", endpoint));
}
