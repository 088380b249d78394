#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * People who work in the console, the sessions they have open, and tokens of
 * other systems. Secrets are never stored as they are: of a password there is
 * an argon2id hash, of a session or token its SHA-256.
 */
enum user_role {
    USER_STAFF,      /* works on tickets */
    USER_LEAD,       /* … on many at once, and exports them */
    USER_DEPARTMENT, /* works on tickets and files them */
    USER_AUDITOR,    /* reads, the audit log too, and changes nothing */
    USER_ADMIN,      /* everything but unmasking */
    USER_UNMASK,     /* may learn who sent a ticket, with a reason */
    USER_ORGANISER,  /* broadcasts, study, events */
    USER_APPROVER,   /* says yes to broadcasts of others */
    USER_ROLES
};
extern const char *const user_role_names[USER_ROLES]; /* "staff", … */
bool user_role_parse(const char *word, enum user_role *out);

/* A role for a part of the organisation and of the categories; "*": all. */
struct grant {
    enum user_role role;
    const char *unit;
    const char *category;
};
#define USER_GRANTS_MAX 16
#define USER_NAME_MAX 32 /* [a-z0-9._-], no mark first; actor "user:<name>" */
#define USERS_MAX 2000   /* of a district */
#define USER_TOTP_CONTEXT "user:%s:totp" /* the name: of its seal */

struct user {
    const char *name;
    int64_t version;     /* 0: not stored yet */
    const char *display; /* "王社工" */
    const char *lang;    /* tag, or "" */
    const char
        *password;    /* argon2id string of libsodium, or "": cannot sign in */
    const char *totp; /* base32 secret, sealed (base/seal.h) under the context
                         "user:<name>:totp", or "" */
    const char *totp_new; /* one that nobody has shown a code of yet, or "" */
    const char *rider;    /* their chat account, or "": gets rings there */
    const char *chat, *account; /* the private chat of rider */
    bool disabled;
    int64_t totp_step; /* the last step of 30 s that was used: none twice */
    struct grant grants[USER_GRANTS_MAX];
    size_t n_grants;
    int64_t created_ms;
    int64_t sessions_ms; /* sessions that were begun before are over */
};

bool user_name_valid(const char *name);
/* Writes all of user; ERR_CONFLICT unless its version is user->version. */
void user_put(struct txn *txn, const struct user *user);
/* Ends their sessions, too. ERR_CONFLICT as above. */
void user_remove(struct txn *txn, const struct user *user);
typedef void user_read(void *data, enum err err, const struct user *user);
void user_get(struct store *store, struct arena *arena, const char *name,
              user_read *done, void *data); /* or ERR_NOT_FOUND */
typedef void user_list(void *data, enum err err, const struct user *users,
                       size_t n);
void user_list_all(struct store *store, struct arena *arena, user_list *done,
                   void *data); /* by name */

/* ---- sessions ---- */
struct session_record {
    const char *user;
    const char *csrf;
    int64_t created_ms;
};
#define SESSION_IDLE_MS (12LL * 3600 * 1000)
#define SESSION_MAX_MS (7LL * 24 * 3600 * 1000)
/* secret is what the cookie holds; only its hash is stored. */
void session_put(struct txn *txn, const char *secret,
                 const struct session_record *session);
void session_remove(struct txn *txn, const char *secret);
/* The session and its user in one read; makes the session live on.
 * ERR_NOT_FOUND when there is none, or its user is disabled or gone. */
typedef void session_read(void *data, enum err err,
                          const struct session_record *session,
                          const struct user *user);
void session_get(struct store *store, struct arena *arena, const char *secret,
                 session_read *done, void *data);

/* ---- tokens of other systems ---- */
#define API_TOKEN_ID_SIZE 17
struct token_record {
    const char *id;     /* public: "t7f3…", of the secret */
    const char *name;   /* "城运中心" */
    const char *scopes; /* words of bot/api/access.h joined by ' ' */
    const char *unit;   /* what it may see, "*": all */
    const char *by;
    int64_t created_ms, expires_ms; /* 0: does not end */
};
#define TOKENS_MAX 500
void api_token_id(char out[static API_TOKEN_ID_SIZE], const char *secret);
bool api_token_id_valid(const char *id);
/* Its id is not looked at. ERR_LIMIT when there are TOKENS_MAX. */
void api_token_put(struct txn *txn, const char *secret,
                   const struct token_record *token);
void api_token_remove(struct txn *txn, const char *id); /* ERR_NOT_FOUND */
typedef void api_token_read(void *data, enum err err,
                            const struct token_record *token);
void api_token_get(struct store *store, struct arena *arena, const char *secret,
                   api_token_read *done, void *data); /* or ERR_NOT_FOUND */
/* By its id. Whether it has expired is for the caller to see, in both. */
void api_token_find(struct store *store, struct arena *arena, const char *id,
                    api_token_read *done, void *data);
typedef void api_token_list(void *data, enum err err,
                            const struct token_record *tokens, size_t n);
void api_token_list_all(struct store *store, struct arena *arena,
                        api_token_list *done, void *data);
