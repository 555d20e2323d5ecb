//! The examples at the end of each help, in English, and nothing else. The Chinese ones are in `chinese`.

pub(crate) const EXAMPLES: &str = "\
Examples:
  cidian                               the menus
  cidian --local                       the menus on a private server: try it
  cidian --user ann register           an account
  cidian --user ann login              asks for the password, once
  cidian lookup apple                  one word
  cidian --user ann lookup < words.txt a file of words
  cidian --server dict.example.org:2629 about
  cidian --server dict.example.org:2630 --tls --user ann lookup apple

Exit status: 0 done, 1 a word was not found, 64 wrong usage, 65 an invalid
name, password or word, 66 no password file, 69 no server or connection lost,
71 system error, 73 name taken, 74 input or output failed, 75 try again later,
76 not a Cidian server, 77 denied, 78 invalid configuration file, 130 Ctrl-C.";

pub(crate) const LOOKUP_EXAMPLES: &str = "\
Examples:
  cidian --user ann lookup apple 'ice cream'
  cidian --user ann lookup -- -able          a word that begins with a dash
  cidian --user ann --password-file pw lookup < words.txt > meanings.txt
  cidian --user ann lookup --json apple | jq -r .interpretation
  cidian --user ann lookup --json aple | jq -r '.suggestions[]?'
  cidian --user ann lookup --first-line apple
  cidian --user ann lookup -v apple          example sentences, too
  cidian --user ann lookup --dictionary wn apple
  cidian --user ann lookup --field headword went carried
  cidian --user ann lookup give up           one phrase
  cidian --user ann lookup 苹果              English words for a Chinese one
  cidian --user ann lookup --text 'She gave up and went home.'";

pub(crate) const SEARCH_EXAMPLES: &str = "\
Examples:
  cidian --user ann search 望远镜
  cidian --user ann search 'a glass of'
  cidian --user ann search --headword 'un*ness'
  cidian --user ann search --prefix tele
  cidian --user ann search --suffix ology --json | jq -r .headword
  cidian --user ann search --regex '^.{3}q'";

pub(crate) const HISTORY_EXAMPLES: &str = "\
Examples:
  cidian --user ann history                  the last ten
  cidian --user ann history -n 100
  cidian --user ann history --since yesterday --reverse
  cidian --user ann history --since 2026-11-01 --until 2026-11-30 --format csv
  cidian --user ann history --word 'un*' -n 20
  cidian --user ann history --top            the words looked up most often
  cidian --user ann history clear apple";

pub(crate) const CLEAR_EXAMPLES: &str = "\
Examples:
  cidian --user ann history clear            everything
  cidian --user ann history clear 'ice cream'";

pub(crate) const EXPORT_EXAMPLES: &str = "\
Examples:
  cidian --user ann export --anki words.txt  then, in Anki, File and Import
  cidian --user ann export --csv - --since 4w
  cidian --user ann export --anki - --word 'a*' > a.txt";

pub(crate) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  cidian completions bash > ~/.local/share/bash-completion/completions/cidian
  cidian completions zsh > ~/.zfunc/_cidian
  cidian completions fish > ~/.config/fish/completions/cidian.fish";

pub(crate) const COMPLETE_WORDS_EXAMPLES: &str = "\
Examples:
  cidian complete-words app";

pub(crate) const MANUAL_EXAMPLES: &str = "\
Examples:
  cidian manual debian/man";

pub(crate) const REGISTER_EXAMPLES: &str = "\
Examples:
  cidian --user ann register                 asks for the password twice
  cidian --user ann --password-file pw register
  cidian --local --user ann register";

pub(crate) const LOGIN_EXAMPLES: &str = "\
Examples:
  cidian --user ann login                asks for the password
  cidian lookup apple                    from now on, this asks for nothing
  cidian --local --user ann login        for the private server
  cidian --server dict.example.org:2629 login";

pub(crate) const LOGOUT_EXAMPLES: &str = "\
Examples:
  cidian logout                          the user who is logged in
  cidian --user bob logout               another user of the same server
  cidian --server dict.example.org:2629 logout

If the server cannot be reached (exit status 69), the token is removed only
here and stays valid there. A new password ends all tokens.";

pub(crate) const PASSWD_EXAMPLES: &str = "\
Examples:
  cidian --user ann passwd               asks for the old and the new one
  cidian --user ann --password-file old passwd --new-password-file new";

pub(crate) const DELETE_EXAMPLES: &str = "\
Examples:
  cidian --user ann delete-account       asks you to type the name once more
  cidian --user ann --password-file pw delete-account --yes";

pub(crate) const SERVE_EXAMPLES: &str = "\
Examples:
  cidian serve                            then: dict -h 127.0.0.1 apple
  systemctl --user enable --now cidian    the same, while you are logged in
  cidian serve --listen localhost --listen unix:dict.sock
  cidian --local export --anki words.txt  what you have looked up, to learn";

pub(crate) const DICT_KEY_EXAMPLES: &str = "\
Examples:
  cidian --user ann dict-key             asks for the password, prints the key

In GoldenDict, the DICT server is then dict://ann:KEY@dict.example.org.
For dict, a line of ~/.dictrc: server dict.example.org { user \"ann\" \"KEY\" }";

pub(crate) const ABOUT_EXAMPLES: &str = "\
Examples:
  cidian about                               needs no account
  cidian --server unix:/run/cidian/socket about --json";
