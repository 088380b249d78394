#pragma once

/*
 * The limits of what a stranger may send. Each is refused with a clear answer
 * to whoever sent it and counted; see bot/config.h for those an administrator
 * sets.
 */
#define LIMIT_ID_BYTES 64                     /* a platform's id of anything */
#define LIMIT_FRAME_BYTES (1024 * 1024)       /* one WebSocket text message */
#define LIMIT_UPLOAD_BYTES (10 * 1024 * 1024) /* one photo, as sent */
#define LIMIT_TEXT_CHARS 2000 /* of one message, in code points */
#define LIMIT_SEGMENTS 64     /* of one message */
#define LIMIT_PHOTOS 9        /* of one ticket */
#define LIMIT_PHOTO_PIXELS (50u * 1000 * 1000)
#define LIMIT_PLACE_CHARS 120
#define LIMIT_NAME_CHARS 40
#define LIMIT_RIDER_QUEUE 8   /* turns of one rider that wait for each other */
#define LIMIT_TURNS 10000     /* turns under way in one process */
#define LIMIT_TICKETS_SHOWN 8 /* in one list in chat */
