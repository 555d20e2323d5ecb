//! What the fuzzer once found interesting in requests stays harmless. (That of replies is a test of the client's.)

#[path = "fuzz/fuzz_targets/conversation/mod.rs"]
mod conversation;

#[test]
fn the_corpus_of_requests() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/requests");
    let files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        conversation::check(&std::fs::read(file).unwrap());
    }
}
