-- Cidian's schema for MariaDB (10.6 or newer) and MySQL 8, version 2. Safe to repeat: it makes what is missing and
-- touches nothing that is there. So it also brings a database of version 1 (which has no table token) to version 2.
--
--     cidiand init-db --database mysql://user@localhost/dict?socket=/run/mysqld/mysqld.sock
-- or  mysql dict < schema.sql
--
-- Throughout: InnoDB, because every promise needs transactions and foreign keys; utf8mb4, because headwords are of
-- any script and hold emoji; utf8mb4_bin, because names and words are compared byte for byte. (utf8mb4_bin pads with
-- spaces: 'a' equals 'a '. Names hold no white space and words are trimmed before they come here; where it could
-- matter all the same the statements compare lengths too.) ROW_FORMAT=DYNAMIC lets an index hold 3,072 bytes.
--
-- All times are UTC, written and read as they are: DATETIME is never converted, TIMESTAMP would be.

-- What the database says of itself: schema_version, and of table words: title, licence, headwords.
-- It is made first, so that an interrupted init-db is told from somebody else's table user.
CREATE TABLE IF NOT EXISTS meta (
    name  VARCHAR(32) NOT NULL PRIMARY KEY,
    value TEXT        NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The accounts. A login is tied to id, so an id is never used again: InnoDB keeps the counter across restarts
-- (MariaDB since 10.2.4, MySQL since 8.0).
CREATE TABLE IF NOT EXISTS user (
    id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name    VARCHAR(32)     NOT NULL,
    passwd  VARCHAR(255)    NOT NULL COMMENT 'Argon2id in PHC format, never the password',
    locked  BOOLEAN         NOT NULL DEFAULT FALSE,
    created DATETIME(6)     NOT NULL COMMENT 'UTC',
    UNIQUE KEY name (name)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The lookups. A row's identity is (account, time, origin); origin is 64 random bits drawn by each session, so that
-- two sessions may look something up in the same microsecond, and a repeated insert finds its own row.
-- The identity is the primary key because InnoDB stores rows in its order: the newest n of one account lie side by
-- side, however many rows there are in all. id is only indexed, as AUTO_INCREMENT asks.
CREATE TABLE IF NOT EXISTS hist (
    id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    user_id BIGINT UNSIGNED NOT NULL,
    name    VARCHAR(32)     NOT NULL COMMENT 'the name of the account',
    word    VARCHAR(128)    NOT NULL COMMENT 'the headword that was found',
    time    DATETIME(6)     NOT NULL COMMENT 'UTC',
    origin  BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (user_id, time, origin),
    KEY id (id),
    CONSTRAINT hist_user FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The tokens of "keep me logged in". A token is 256 random bits; of it only the SHA-256 is here, by which it is found.
-- It is good for 90 days after last_used, which is written at most once a day. An account has at most 20; the oldest,
-- by created, goes. Deleting an account deletes its tokens; changing its password does, too. KEY user_id finds an
-- account's tokens in the order of their age.
CREATE TABLE IF NOT EXISTS token (
    hash      BINARY(32)      NOT NULL COMMENT 'SHA-256 of the token, never the token',
    user_id   BIGINT UNSIGNED NOT NULL,
    created   DATETIME(6)     NOT NULL COMMENT 'UTC',
    last_used DATETIME(6)     NOT NULL COMMENT 'UTC; at most a day behind',
    PRIMARY KEY (hash),
    KEY user_id (user_id, created),
    CONSTRAINT token_user FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The dictionary, for --lookup database. Looked up by word, so rows are stored in the order of word.
-- folded is word in lower case, written by the program and not by SQL's LOWER, so that every store folds alike. Lower
-- case can be longer than its word: one character becomes at most two ('İ' becomes 'i' and a combining dot), hence
-- twice 128. InnoDB adds the primary key to every other index, so KEY folded is sorted by (folded, word).
-- A MEDIUMTEXT holds 16 MiB; a TEXT would end at 64 KiB.
CREATE TABLE IF NOT EXISTS words (
    id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    word      VARCHAR(128)    NOT NULL,
    folded    VARCHAR(256)    NOT NULL,
    interpret MEDIUMTEXT      NOT NULL,
    PRIMARY KEY (word),
    KEY id (id),
    KEY folded (folded)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Last, when everything stands. It leaves alone what a newer version has written.
INSERT INTO meta (name, value) VALUES ('schema_version', '2')
    ON DUPLICATE KEY UPDATE value = IF(meta.value = '1', '2', meta.value);
