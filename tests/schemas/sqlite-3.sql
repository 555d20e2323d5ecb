CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    passwd TEXT NOT NULL,
    locked INTEGER NOT NULL DEFAULT 0,
    created TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS hist (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    word TEXT NOT NULL,
    time TEXT NOT NULL,
    origin INTEGER NOT NULL,
    UNIQUE (user_id, time, origin)
);
CREATE TABLE IF NOT EXISTS token (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created TEXT NOT NULL,
    last_used TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS token_user ON token (user_id, created);
CREATE TABLE IF NOT EXISTS dict_key (
    user_id INTEGER PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS star (
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    word TEXT NOT NULL,
    created TEXT NOT NULL,
    tags TEXT NOT NULL,
    note TEXT NOT NULL,
    due TEXT NOT NULL,
    stability REAL NOT NULL DEFAULT 0,
    difficulty REAL NOT NULL DEFAULT 0,
    elapsed_days INTEGER NOT NULL DEFAULT 0,
    scheduled_days INTEGER NOT NULL DEFAULT 0,
    reps INTEGER NOT NULL DEFAULT 0,
    lapses INTEGER NOT NULL DEFAULT 0,
    state INTEGER NOT NULL DEFAULT 0,
    last_review TEXT,
    PRIMARY KEY (user_id, word)
);
CREATE INDEX IF NOT EXISTS star_due ON star (user_id, due);
CREATE TABLE IF NOT EXISTS review (
    user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    time TEXT NOT NULL,
    origin INTEGER NOT NULL,
    word TEXT NOT NULL,
    grade INTEGER NOT NULL,
    PRIMARY KEY (user_id, time, origin)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS words (
    id INTEGER PRIMARY KEY,
    word TEXT NOT NULL,
    dictionary TEXT NOT NULL DEFAULT '',
    folded TEXT NOT NULL,
    lookup_key TEXT,
    interpret TEXT NOT NULL,
    UNIQUE (word, dictionary)
);
CREATE INDEX IF NOT EXISTS words_folded ON words (folded, word);
CREATE INDEX IF NOT EXISTS words_lookup_key ON words (lookup_key, word) WHERE lookup_key IS NOT NULL;
INSERT INTO meta (name, value) VALUES ('identity', lower(hex(randomblob(16)))) ON CONFLICT (name) DO NOTHING;
INSERT INTO meta (name, value) VALUES ('schema_version', '3')
    ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE meta.value IN ('1', '2');
