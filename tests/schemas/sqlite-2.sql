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
CREATE TABLE IF NOT EXISTS words (
    id INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE,
    folded TEXT NOT NULL,
    interpret TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS words_folded ON words (folded, word);
INSERT INTO meta (name, value) VALUES ('schema_version', '2')
    ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE meta.value = '1';
