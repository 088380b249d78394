#include "bot/photo_exif.h"

#include <libexif/exif-data.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "Exif\0\0"
#define HEADER_BYTES 6
#define EXIF_BYTES_MAX 65535 /* what fits a JPEG's segment */

static const ExifEntry *entry_of(const ExifData *exif, ExifIfd ifd, int tag,
                                 ExifFormat format, unsigned long count) {
    ExifEntry *entry = exif_content_get_entry(exif->ifd[ifd], (ExifTag)tag);
    if (!entry || !entry->data || entry->format != format ||
        entry->components < count ||
        entry->size < count * exif_format_get_size(format))
        return NULL;
    return entry;
}

static int read_orientation(const ExifData *exif, ExifByteOrder order) {
    const ExifEntry *entry =
        entry_of(exif, EXIF_IFD_0, EXIF_TAG_ORIENTATION, EXIF_FORMAT_SHORT, 1);
    if (!entry)
        return 0;
    ExifShort value = exif_get_short(entry->data, order);
    return value >= 1 && value <= 8 ? value : 0;
}

/* Degrees, minutes and seconds, each a fraction; negative when the hemisphere
 * is the one of letter minus. Returns false for what cannot be a position. */
static bool read_angle(const ExifData *exif, ExifByteOrder order, int tag,
                       const char letters[static 2], double limit,
                       double *out) {
    const ExifEntry *angle =
        entry_of(exif, EXIF_IFD_GPS, tag, EXIF_FORMAT_RATIONAL, 3);
    const ExifEntry *hemisphere =
        entry_of(exif, EXIF_IFD_GPS, tag - 1, EXIF_FORMAT_ASCII, 1);
    if (!angle || !hemisphere)
        return false;

    double value = 0, unit = 1;
    for (int i = 0; i < 3; i++, unit /= 60) {
        ExifRational part = exif_get_rational(angle->data + 8 * i, order);
        if (part.denominator == 0 && part.numerator != 0)
            return false;
        if (part.denominator != 0)
            value += (double)part.numerator / part.denominator * unit;
    }
    char letter = (char)hemisphere->data[0];
    if (value > limit || (letter != letters[0] && letter != letters[1]))
        return false;
    *out = letter == letters[1] ? -value : value;
    return true;
}

void photo_exif_read(struct photo_exif *out, const unsigned char *bytes,
                     size_t len) {
    if (len >= HEADER_BYTES && memcmp(bytes, HEADER, HEADER_BYTES) == 0) {
        bytes += HEADER_BYTES;
        len -= HEADER_BYTES;
    }
    if (len == 0 || len > EXIF_BYTES_MAX - HEADER_BYTES)
        return;
    unsigned char *block = malloc(HEADER_BYTES + len);
    ExifData *exif = exif_data_new();
    if (block && exif) {
        memcpy(block, HEADER, HEADER_BYTES);
        memcpy(block + HEADER_BYTES, bytes, len);
        exif_data_load_data(exif, block, (unsigned)(HEADER_BYTES + len));
        ExifByteOrder order = exif_data_get_byte_order(exif);
        out->orientation = read_orientation(exif, order);
        out->has_position =
            read_angle(exif, order, EXIF_TAG_GPS_LATITUDE, "NS", 90,
                       &out->lat) &&
            read_angle(exif, order, EXIF_TAG_GPS_LONGITUDE, "EW", 180,
                       &out->lon) &&
            /* what a camera without a fix writes */
            (out->lat < 0 || out->lat > 0 || out->lon < 0 || out->lon > 0);
    }
    exif_data_unref(exif);
    free(block);
}
