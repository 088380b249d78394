#include "bot/event_calendar.h"

#include "base/mem.h"
#include "store/event.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

#define PRODUCT "-//xiaofeng//events//EN"

static struct icaltimetype time_of(int64_t ms) {
    return icaltime_from_timet_with_zone((time_t)(ms / 1000), 0,
                                         icaltimezone_get_utc_timezone());
}

static void add(icalcomponent *component, icalproperty *property) {
    icalcomponent_add_property(component, property);
}

static void add_place(icalcomponent *entry, const struct event *event) {
    if (event->place[0] != '\0')
        add(entry, icalproperty_new_location(event->place));
    if (event->lat[0] == '\0' || event->lon[0] == '\0')
        return;
    struct icalgeotype geo;
    memset(&geo, 0, sizeof(geo));
    geo.lat = strtod(event->lat, NULL);
    geo.lon = strtod(event->lon, NULL);
    add(entry, icalproperty_new_geo(geo));
}

static icalcomponent *make_entry(const struct event *event, const char *host,
                                 const char *url) {
    icalcomponent *entry = icalcomponent_new(ICAL_VEVENT_COMPONENT);
    bool cancelled = event->state == EVENT_CANCELLED;
    char *uid = xasprintf("%s@%s", event->id, host);
    add(entry, icalproperty_new_uid(uid));
    add(entry, icalproperty_new_dtstamp(time_of(event->updated_ms)));
    add(entry, icalproperty_new_sequence((int)(event->version & 0x7fffffff)));
    add(entry, icalproperty_new_dtstart(time_of(event->starts_ms)));
    add(entry, icalproperty_new_dtend(time_of(event->ends_ms)));
    add(entry, icalproperty_new_summary(event->title));
    if (event->text[0] != '\0')
        add(entry, icalproperty_new_description(event->text));
    add_place(entry, event);
    if (url[0] != '\0')
        add(entry, icalproperty_new_url(url));
    add(entry, icalproperty_new_status(cancelled ? ICAL_STATUS_CANCELLED
                                                 : ICAL_STATUS_CONFIRMED));
    free(uid);
    return entry;
}

char *event_calendar(const struct event *event, const char *host,
                     const char *url) {
    icalcomponent *calendar = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
    add(calendar, icalproperty_new_version("2.0"));
    add(calendar, icalproperty_new_prodid(PRODUCT));
    add(calendar, icalproperty_new_method(event->state == EVENT_CANCELLED
                                              ? ICAL_METHOD_CANCEL
                                              : ICAL_METHOD_PUBLISH));
    icalcomponent_add_component(calendar, make_entry(event, host, url));
    char *text = icalcomponent_as_ical_string_r(calendar);
    icalcomponent_free(calendar);
    return text;
}
