#pragma once

struct bot;

/*
 * Open311 GeoReport v2 below /open311/v2, by which a city platform reads
 * reports (随手拍) and files them. Requests of riders (诉求) are never shown,
 * nor is who sent a report.
 */
struct open311;

/* Adds its routes: before the loop runs, after the board. */
struct open311 *open311_new(struct bot *bot);
/* After everything that calls may wait for. Takes NULL. */
void open311_free(struct open311 *open311);
