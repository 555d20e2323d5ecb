//! The inputs that the fuzzer has found interesting (requests, commands of DICT, headers of proxies) stay harmless.
//! (The corpus of replies is played by a test of the client.)

#[path = "fuzz/fuzz_targets/conversation/mod.rs"]
mod conversation;
#[path = "fuzz/fuzz_targets/dict_conversation/mod.rs"]
mod dict_conversation;
#[path = "fuzz/fuzz_targets/proxied_header/mod.rs"]
mod proxied;

#[test]
fn the_corpus_of_proxied_connections() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/proxied");
    let files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        proxied::check(&std::fs::read(file).unwrap());
    }
}

#[test]
fn the_corpus_of_requests() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/requests");
    let files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        conversation::check(&std::fs::read(file).unwrap());
    }
}

#[test]
fn the_corpus_of_dict() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/dict");
    let files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        dict_conversation::check(&std::fs::read(file).unwrap());
    }
}
