#pragma once

struct turn;

/*
 * Takes in a message's photos: each is fetched and stored while the turn waits,
 * so that a platform's link that ends later loses nothing. Then done(turn) is
 * called with turn->photos and turn->photo_err.
 */
void intake_photos(struct turn *turn, void (*done)(struct turn *turn));
