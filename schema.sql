-- Cidian's schema for MariaDB (10.6 or newer) and MySQL 8, version 4. Safe to repeat: it makes what is missing and
-- loses nothing that is there. So it also brings a database of version 1 (which has no table token), 2 (whose words
-- are narrower, and which has no identity, no table dict_key, star or review) or 3 (whose words have no generation) to
-- version 4. Only cidiand init-db also fills words.lookup_key, where that is NULL.
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

-- What the database says of itself: schema_version; identity, by which it is told from every other database; and of
-- table words: title, licence, headwords, dictionaries, words_generation (which rows are valid), and words_load (who
-- loads others now).
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
    word    VARCHAR(256)    NOT NULL COMMENT 'the headword that was found',
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

-- The key with which an account logs in over DICT: readable, because both sides compute a digest with it. Good for DICT
-- only; an account has at most one.
CREATE TABLE IF NOT EXISTS dict_key (
    user_id BIGINT UNSIGNED NOT NULL,
    secret  VARCHAR(64)     NOT NULL COMMENT 'random, in readable letters',
    created DATETIME(6)     NOT NULL COMMENT 'UTC',
    PRIMARY KEY (user_id),
    CONSTRAINT dict_key_user FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The notebook: an account's starred headwords, each with the state of its reviews (FSRS).
CREATE TABLE IF NOT EXISTS star (
    user_id        BIGINT UNSIGNED  NOT NULL,
    word           VARCHAR(256)     NOT NULL COMMENT 'the headword',
    created        DATETIME(6)      NOT NULL COMMENT 'UTC',
    tags           TEXT             NOT NULL COMMENT 'separated by spaces',
    note           TEXT             NOT NULL,
    due            DATETIME(6)      NOT NULL COMMENT 'UTC',
    stability      DOUBLE           NOT NULL DEFAULT 0,
    difficulty     DOUBLE           NOT NULL DEFAULT 0,
    elapsed_days   BIGINT           NOT NULL DEFAULT 0,
    scheduled_days BIGINT           NOT NULL DEFAULT 0,
    reps           INT UNSIGNED     NOT NULL DEFAULT 0,
    lapses         INT UNSIGNED     NOT NULL DEFAULT 0,
    state          TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0 new, 1 learning, 2 review, 3 relearning',
    last_review    DATETIME(6)      NULL     COMMENT 'UTC',
    PRIMARY KEY (user_id, word),
    KEY due (user_id, due),
    CONSTRAINT star_user FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The grades that were given. A grade's identity is that of a lookup, (account, time, origin): one that is sent again
-- finds its own row, and is counted once.
CREATE TABLE IF NOT EXISTS review (
    user_id BIGINT UNSIGNED  NOT NULL,
    time    DATETIME(6)      NOT NULL COMMENT 'UTC',
    origin  BIGINT UNSIGNED  NOT NULL,
    word    VARCHAR(256)     NOT NULL COMMENT 'the headword',
    grade   TINYINT UNSIGNED NOT NULL COMMENT '1 again, 2 hard, 3 good, 4 easy',
    PRIMARY KEY (user_id, time, origin),
    CONSTRAINT review_user FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The entries of all dictionaries, for --lookup database. Looked up by word, so rows are stored in the order of word.
-- dictionary is the name of the one that an entry is from; '' where there is only one. Those of one headword are shown in
-- the order of id, which is that of preference.
-- Valid are the rows whose generation is the words_generation of table meta, and those of generation 0, which nobody has
-- loaded: somebody has put them in by hand. A load writes its rows in small transactions under the next generation, makes
-- that the valid one, and then deletes the old rows, those of generation 0 among them.
-- folded is word in lower case, written by the program and not by SQL's LOWER, so that every store folds alike. Lower
-- case can be longer than its word: one character becomes at most two ('İ' becomes 'i' and a combining dot), hence
-- nearly twice 256: folded and word have to fit into the 3,072 bytes of one index, which is read in the order of both.
-- lookup_key is what is left of word when case, accents, apostrophes, hyphens and blanks are taken away; NULL where
-- whoever wrote the row knew nothing of it: such a row is found by word and by folded.
-- A MEDIUMTEXT holds 16 MiB; a TEXT would end at 64 KiB.
CREATE TABLE IF NOT EXISTS words (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    word       VARCHAR(256)    NOT NULL,
    dictionary VARCHAR(64)     NOT NULL DEFAULT '',
    generation INT UNSIGNED    NOT NULL DEFAULT 0,
    folded     VARCHAR(510)    NOT NULL,
    lookup_key VARCHAR(510)    NULL,
    interpret  MEDIUMTEXT      NOT NULL,
    PRIMARY KEY (word, dictionary, generation),
    KEY id (id),
    KEY generation (generation),
    KEY folded (folded, word),
    KEY lookup_key (lookup_key, word)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What an older version made is brought to the same shape: each change only where it has not been made yet, because not
-- every server has ALTER TABLE ... IF EXISTS. ('DO 0' does nothing.)
SET @change = IF((SELECT character_maximum_length FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'hist' AND column_name = 'word') < 256,
    'ALTER TABLE hist MODIFY word VARCHAR(256) NOT NULL COMMENT ''the headword that was found''', 'DO 0');
PREPARE one_change FROM @change;
EXECUTE one_change;
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'words' AND column_name = 'dictionary') = 0,
    'ALTER TABLE words
        MODIFY word VARCHAR(256) NOT NULL,
        ADD COLUMN dictionary VARCHAR(64) NOT NULL DEFAULT '''' AFTER word,
        ADD COLUMN generation INT UNSIGNED NOT NULL DEFAULT 0 AFTER dictionary,
        MODIFY folded VARCHAR(510) NOT NULL,
        ADD COLUMN lookup_key VARCHAR(510) NULL AFTER folded,
        DROP PRIMARY KEY, ADD PRIMARY KEY (word, dictionary, generation),
        ADD KEY generation (generation),
        DROP KEY folded, ADD KEY folded (folded, word),
        ADD KEY lookup_key (lookup_key, word)', 'DO 0');
PREPARE one_change FROM @change;
EXECUTE one_change;
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'words' AND column_name = 'generation') = 0,
    'ALTER TABLE words
        ADD COLUMN generation INT UNSIGNED NOT NULL DEFAULT 0 AFTER dictionary,
        DROP PRIMARY KEY, ADD PRIMARY KEY (word, dictionary, generation),
        ADD KEY generation (generation)', 'DO 0');
PREPARE one_change FROM @change;
EXECUTE one_change;
DEALLOCATE PREPARE one_change;

-- Drawn once; a copy of the database has the same one, because it has the same accounts.
INSERT INTO meta (name, value)
    VALUES ('identity', LEFT(SHA2(CONCAT(UUID(), RAND(), RAND(), CONNECTION_ID(), NOW(6)), 256), 32))
    ON DUPLICATE KEY UPDATE value = meta.value;

-- What was loaded last, if anything.
INSERT INTO meta (name, value) VALUES ('words_generation', '1') ON DUPLICATE KEY UPDATE value = meta.value;

-- Last, when everything stands. It leaves alone what a newer version has written.
INSERT INTO meta (name, value) VALUES ('schema_version', '4')
    ON DUPLICATE KEY UPDATE value = IF(meta.value IN ('1', '2', '3'), '4', meta.value);
