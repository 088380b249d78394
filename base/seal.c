#define LOG_MODULE "seal"
#include "base/seal.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal_file.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

#define MAC_CONTEXT "seal mac" /* of crypto_kdf: 8 bytes */
#define MAC_SUBKEY 1
#define TAG_SUBKEY (MAC_SUBKEY + 1)
#define TAG_HASH_BYTES 9 /* kept: 12 characters */
#define MAC_DIGITS (2 * crypto_auth_hmacsha256_BYTES)

_Static_assert(SEAL_MAC_SIZE == SEAL_ID_MAX + 1 + MAC_DIGITS + 1,
               "SEAL_MAC_SIZE is an id, a colon, the digits and a NUL");

struct seal {
    char *path;
    struct seal_keys *keys; /* in memory of libsodium's, not swapped */
    struct timespec mtime;  /* of the file, as it was read */
    ino_t inode;
};

/* ---- the keys --------------------------------------------------------- */

static const struct seal_key *current(const struct seal *seal) {
    return &seal->keys->keys[seal->keys->n - 1];
}

/* The key that "<id>:…" names, and what is behind the colon; or NULL. */
static const struct seal_key *key_of(const struct seal *seal,
                                     const char *sealed, const char **rest) {
    size_t len = strcspn(sealed, ":");

    if (sealed[len] != ':')
        return NULL;
    *rest = sealed + len + 1;
    for (size_t i = 0; i < seal->keys->n; i++) {
        const struct seal_key *key = &seal->keys->keys[i];
        if (strlen(key->id) == len && memcmp(key->id, sealed, len) == 0)
            return key;
    }
    return NULL;
}

static void note_file(struct seal *seal) {
    struct stat st;

    if (stat(seal->path, &st) != 0)
        return;
    seal->mtime = st.st_mtim;
    seal->inode = st.st_ino;
}

static bool file_changed(const struct seal *seal) {
    struct stat st;

    return stat(seal->path, &st) != 0 || st.st_ino != seal->inode ||
           st.st_mtim.tv_sec != seal->mtime.tv_sec ||
           st.st_mtim.tv_nsec != seal->mtime.tv_nsec;
}

static enum err create_file(const char *path, struct seal_keys *keys) {
    keys->n = 0;
    enum err err = seal_keys_add(keys);
    if (err == OK)
        err = seal_file_create(path, keys);
    if (err == OK)
        LOG_WARN(
            "made a new key for sealed fields in %s; keep a copy of it "
            "elsewhere, without it they cannot be read",
            path);
    /* Another process was faster: its key it is. */
    return err == ERR_CONFLICT ? seal_file_read(path, keys) : err;
}

static struct seal_keys *keys_new(void) {
    struct seal_keys *keys = sodium_malloc(sizeof(*keys));
    if (keys == NULL)
        abort();
    sodium_memzero(keys, sizeof(*keys));
    return keys;
}

enum err seal_load(const char *path, struct seal **out) {
    if (sodium_init() < 0)
        return ERR_IO;
    struct seal *seal = xcalloc(1, sizeof(*seal));
    seal->path = xstrdup(path);
    seal->keys = keys_new();
    note_file(seal); /* before it is read: a later change is seen */
    enum err err = seal_file_read(path, seal->keys);
    if (err == ERR_NOT_FOUND) {
        err = create_file(path, seal->keys);
        note_file(seal);
    }
    if (err != OK) {
        seal_free(seal);
        return err;
    }
    *out = seal;
    return OK;
}

void seal_free(struct seal *seal) {
    if (seal == NULL)
        return;
    sodium_free(seal->keys);
    free(seal->path);
    free(seal);
}

const char *seal_current(const struct seal *seal) {
    return current(seal)->id;
}

size_t seal_count(const struct seal *seal) {
    return seal->keys->n;
}

/* ---- sealed texts ----------------------------------------------------- */

/* As sodium_bin2base64(), which takes care not to tell by its time what it
 * writes, at ten times the cost. These bytes are stored for all to see who see
 * the store: there is nothing to keep. Ends out with a NUL. */
static void put_base64(char *out, const unsigned char *raw, size_t len) {
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0, n_bits = 0;

    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | raw[i];
        for (n_bits += 8; n_bits >= 6; n_bits -= 6)
            *out++ = digits[bits >> (n_bits - 6) & 63];
        bits &= 63; /* what is left of them */
    }
    if (n_bits > 0)
        *out++ = digits[bits << (6 - n_bits) & 63];
    *out = '\0';
}

char *seal_text(const struct seal *seal, struct arena *arena,
                const char *context, const char *text) {
    const struct seal_key *key = current(seal);
    size_t len = strlen(text), id_len = strlen(key->id);

    if (len == 0)
        return arena_strdup(arena, "");
    size_t raw_len = NONCE_BYTES + len + TAG_BYTES;
    unsigned char *raw = arena_alloc(arena, raw_len);
    /* Random ones of 192 bits do not meet. */
    randombytes_buf(raw, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        raw + NONCE_BYTES, NULL, (const unsigned char *)text, len,
        (const unsigned char *)context, strlen(context), NULL, raw, key->bytes);
    size_t size = sodium_base64_encoded_len(raw_len, BASE64);
    char *out = arena_alloc(arena, id_len + 1 + size);
    memcpy(out, key->id, id_len);
    out[id_len] = ':';
    put_base64(out + id_len + 1, raw, raw_len);
    return out;
}

char *seal_open(const struct seal *seal, struct arena *arena,
                const char *context, const char *sealed) {
    const char *digits;
    size_t raw_len = 0;

    if (*sealed == '\0')
        return arena_strdup(arena, "");
    const struct seal_key *key = key_of(seal, sealed, &digits);
    if (key == NULL)
        return NULL;
    size_t size = strlen(digits);
    unsigned char *raw = arena_alloc(arena, size + 1);
    if (sodium_base642bin(raw, size, digits, size, NULL, &raw_len, NULL,
                          BASE64) != 0 ||
        raw_len < NONCE_BYTES + TAG_BYTES)
        return NULL;
    /* Zeroed, one byte longer: it ends as a string. */
    unsigned char *text =
        arena_alloc(arena, raw_len - NONCE_BYTES - TAG_BYTES + 1);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            text, NULL, NULL, raw + NONCE_BYTES, raw_len - NONCE_BYTES,
            (const unsigned char *)context, strlen(context), raw,
            key->bytes) != 0)
        return NULL;
    return (char *)text;
}

bool seal_is_old(const struct seal *seal, const char *sealed) {
    const char *rest;

    return *sealed != '\0' && key_of(seal, sealed, &rest) != current(seal);
}

/* ---- texts that may be read ------------------------------------------- */

static void print_mac(const struct seal_key *key, const char *context,
                      const char *text, char out[static SEAL_MAC_SIZE]) {
    unsigned char subkey[crypto_auth_hmacsha256_KEYBYTES];
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    size_t id_len = strlen(key->id);

    crypto_kdf_derive_from_key(subkey, sizeof(subkey), MAC_SUBKEY, MAC_CONTEXT,
                               key->bytes);
    crypto_auth_hmacsha256_init(&state, subkey, sizeof(subkey));
    /* With its NUL, so that nothing moves from the one into the other. */
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)context,
                                  strlen(context) + 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text,
                                  strlen(text));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(subkey, sizeof(subkey));
    sodium_memzero(&state, sizeof(state));
    memcpy(out, key->id, id_len);
    out[id_len] = ':';
    sodium_bin2hex(out + id_len + 1, MAC_DIGITS + 1, mac, sizeof(mac));
}

void seal_mac(const struct seal *seal, const char *context, const char *text,
              char out[static SEAL_MAC_SIZE]) {
    print_mac(current(seal), context, text, out);
}

bool seal_mac_ok(const struct seal *seal, const char *context, const char *text,
                 const char *mac) {
    char right[SEAL_MAC_SIZE];
    const char *rest;
    const struct seal_key *key = key_of(seal, mac, &rest);

    if (key == NULL)
        return false;
    print_mac(key, context, text, right);
    size_t len = strlen(right);
    return strlen(mac) == len && sodium_memcmp(mac, right, len) == 0;
}

static void print_tag(const struct seal_key *key, const char *context,
                      const char *text, char out[static SEAL_TAG_SIZE]) {
    unsigned char subkey[crypto_generichash_KEYBYTES];
    unsigned char hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;

    crypto_kdf_derive_from_key(subkey, sizeof(subkey), TAG_SUBKEY, MAC_CONTEXT,
                               key->bytes);
    crypto_generichash_init(&state, subkey, sizeof(subkey), sizeof(hash));
    crypto_generichash_update(&state, (const unsigned char *)context,
                              strlen(context) + 1);
    crypto_generichash_update(&state, (const unsigned char *)text,
                              strlen(text));
    crypto_generichash_final(&state, hash, sizeof(hash));
    sodium_memzero(subkey, sizeof(subkey));
    sodium_memzero(&state, sizeof(state));
    sodium_bin2base64(out, SEAL_TAG_SIZE, hash, TAG_HASH_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void seal_tag(const struct seal *seal, const char *context, const char *text,
              char out[static SEAL_TAG_SIZE]) {
    print_tag(current(seal), context, text, out);
}

bool seal_tag_ok(const struct seal *seal, const char *context, const char *text,
                 const char *tag) {
    char right[SEAL_TAG_SIZE];

    if (strlen(tag) != SEAL_TAG_SIZE - 1)
        return false;
    for (size_t i = seal->keys->n; i-- > 0;) {
        print_tag(&seal->keys->keys[i], context, text, right);
        if (sodium_memcmp(tag, right, SEAL_TAG_SIZE - 1) == 0)
            return true;
    }
    return false;
}

/* ---- turning keys ----------------------------------------------------- */

enum err seal_refresh(struct seal *seal, bool *changed) {
    if (changed != NULL)
        *changed = false;
    if (!file_changed(seal))
        return OK;
    struct seal_keys *keys = keys_new();
    note_file(seal);
    enum err err = seal_file_read(seal->path, keys);
    if (err == ERR_NOT_FOUND)
        LOG_ERR("%s: the file of keys is gone", seal->path);
    if (err != OK) {
        sodium_free(keys);
        return err;
    }
    if (changed != NULL)
        *changed = sodium_memcmp(seal->keys, keys, sizeof(*keys)) != 0;
    sodium_free(seal->keys);
    seal->keys = keys;
    return OK;
}

/* Takes keys over when the file has them. */
static enum err replace(struct seal *seal, struct seal_keys *keys) {
    enum err err = seal_file_replace(seal->path, keys);
    if (err != OK) {
        sodium_free(keys);
        return err;
    }
    sodium_free(seal->keys);
    seal->keys = keys;
    note_file(seal);
    return OK;
}

enum err seal_add_key(struct seal *seal) {
    enum err err = seal_refresh(seal, NULL);
    if (err != OK)
        return err;
    struct seal_keys *keys = keys_new();
    *keys = *seal->keys;
    err = seal_keys_add(keys);
    if (err != OK) {
        sodium_free(keys);
        return err;
    }
    return replace(seal, keys);
}

enum err seal_drop_old(struct seal *seal) {
    enum err err = seal_refresh(seal, NULL);
    if (err != OK || seal->keys->n == 1)
        return err;
    struct seal_keys *keys = keys_new();
    keys->keys[0] = *current(seal);
    keys->n = 1;
    return replace(seal, keys);
}
