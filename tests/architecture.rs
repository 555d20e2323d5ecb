//! The structure of `src/`, read from its `use` items and the paths that begin with `crate` or `super`: which module
//! may import which, and that there is no circle of files that import each other. `docs/architecture.md` describes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// The top-level modules, lowest first: each may import only those before it.
const LAYERS: [&str; 20] = [
    "text",
    "directories",
    "exit",
    "sys",
    "files",
    "hidden",
    "standard_error",
    "protocol",
    "dict",
    "words",
    "store",
    "sandbox",
    "ipc",
    "config",
    "session",
    "writer",
    "admin",
    "daemon",
    "cidiand",
    "client",
];

/// Imports that are forbidden although the layers alone would allow them: from, to, and why.
const FORBIDDEN: [(&str, &str, &str); 8] = [
    ("writer", "session", "they know what they say to each other (ipc), not each other"),
    ("client", "daemon", "the client knows the server by its protocol"),
    ("client", "cidiand", "the client knows the server by its protocol"),
    ("client", "session", "the client knows the server by its protocol"),
    ("client", "store", "the client knows the server by its protocol"),
    ("client", "admin", "the client knows the server by its protocol"),
    ("daemon", "store", "the parent opens no database"),
    ("daemon", "admin", "the operator's tools run beside the daemon"),
];

/// Files that an entry of [`FORBIDDEN`] does not mean, with the reason.
const EXCEPT: [(&str, &str, &str); 3] = [
    ("daemon/helpers/probe.rs", "store", "what opens the database is a helper's process"),
    ("daemon/helpers/sandboxes.rs", "store", "where the database is decides what may be reached"),
    ("daemon/start.rs", "store", "the driver is warmed up before the forks; nothing is opened"),
];

/// One file of `src/`: the names that it takes from others, by module path.
struct Source {
    path: PathBuf,
    /// `["daemon", "parent"]` for `src/daemon/parent/mod.rs`.
    module: Vec<String>,
    /// What it imports: absolute paths, without the leading `crate`.
    takes: BTreeSet<Vec<String>>,
    /// What it re-exports: the name, and the absolute path behind it.
    gives: BTreeMap<String, Vec<String>>,
}

#[test]
fn every_import_runs_downwards() {
    let sources = sources();
    let mut wrong = Vec::new();
    for (from, to) in edges(&sources) {
        let (a, b) = (&sources[from], &sources[to]);
        let (Some(above), Some(below)) = (a.module.first(), b.module.first()) else { continue };
        if above == below {
            continue;
        }
        let rank = |name: &str| {
            LAYERS.iter().position(|layer| *layer == name).unwrap_or_else(|| panic!("{name} has no place in LAYERS"))
        };
        if rank(below) >= rank(above) {
            wrong.push(format!("{} imports {}: {below} is not below {above}", a.path.display(), b.path.display()));
        }
        for (from, to, reason) in FORBIDDEN {
            let excepted = EXCEPT.iter().any(|(f, t, _)| a.path.ends_with(f) && t == &to);
            if from == above && to == below && !excepted {
                wrong.push(format!("{} imports {}: {reason}", a.path.display(), b.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_is_no_circle_of_files() {
    let sources = sources();
    let mut out = vec![BTreeSet::new(); sources.len()];
    for (from, to) in edges(&sources) {
        out[from].insert(to);
    }
    let circles: Vec<String> = circles(&out)
        .into_iter()
        .map(|circle| {
            circle.iter().map(|file| sources[*file].path.display().to_string()).collect::<Vec<_>>().join(", ")
        })
        .collect();
    assert!(circles.is_empty(), "circles of files:\n{}", circles.join("\n"));
}

/// All files but those that only tests see.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut left = vec![root.clone()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if ["tests", "scripted", "fuzzed", "bin"].contains(&name) {
                continue;
            }
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 100, "found only {} files in {}", files.len(), root.display());
    let modules: Vec<Vec<String>> = files.iter().map(|path| module_of(path.strip_prefix(&root).unwrap())).collect();
    let known: BTreeSet<Vec<String>> = modules.iter().cloned().collect();
    files
        .into_iter()
        .zip(modules)
        .map(|(path, module)| {
            let tree = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            let mut reader = Reader { module: &module, known: &known, takes: BTreeSet::new(), gives: BTreeMap::new() };
            reader.visit_file(&tree);
            let (takes, gives) = (reader.takes, reader.gives);
            Source { path: path.strip_prefix(&root).unwrap().to_owned(), module, takes, gives }
        })
        .collect()
}

fn module_of(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> = file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if ["mod", "lib"].contains(&parts.last().unwrap().as_str()) {
        parts.pop();
    }
    parts
}

/// Which file takes a name from which, by their places in `sources`.
fn edges(sources: &[Source]) -> BTreeSet<(usize, usize)> {
    let places: BTreeMap<&[String], usize> =
        sources.iter().enumerate().map(|(place, source)| (source.module.as_slice(), place)).collect();
    let mut edges = BTreeSet::new();
    for (from, source) in sources.iter().enumerate() {
        for path in &source.takes {
            if let Some(to) = definition(path, sources, &places, 0)
                && to != from
            {
                edges.insert((from, to));
            }
        }
    }
    edges
}

/// The file in which what `path` names is defined, behind any re-exports.
fn definition(path: &[String], sources: &[Source], places: &BTreeMap<&[String], usize>, depth: usize) -> Option<usize> {
    assert!(depth < 20, "re-exports without end at {}", path.join("::"));
    let length = (0..=path.len()).rev().find(|length| places.contains_key(&path[..*length]))?;
    let place = places[&path[..length]];
    match path.get(length).and_then(|name| sources[place].gives.get(name)) {
        Some(behind) => {
            let mut whole = behind.clone();
            whole.extend_from_slice(&path[length + 1..]);
            definition(&whole, sources, places, depth + 1)
        }
        // The crate's own root defines nothing.
        None => (length > 0).then_some(place),
    }
}

/// Strongly connected files, of two and more, by Tarjan's algorithm.
fn circles(out: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    struct State<'a> {
        out: &'a [BTreeSet<usize>],
        index: Vec<Option<usize>>,
        low: Vec<usize>,
        stack: Vec<usize>,
        on: Vec<bool>,
        next: usize,
        found: Vec<Vec<usize>>,
    }
    fn visit(state: &mut State<'_>, node: usize) {
        state.index[node] = Some(state.next);
        state.low[node] = state.next;
        state.next += 1;
        state.stack.push(node);
        state.on[node] = true;
        for &to in &state.out[node] {
            match state.index[to] {
                None => {
                    visit(state, to);
                    state.low[node] = state.low[node].min(state.low[to]);
                }
                Some(index) if state.on[to] => state.low[node] = state.low[node].min(index),
                Some(_) => {}
            }
        }
        if Some(state.low[node]) == state.index[node] {
            let begin = state.stack.iter().position(|on| *on == node).unwrap();
            let circle = state.stack.split_off(begin);
            for &file in &circle {
                state.on[file] = false;
            }
            if circle.len() > 1 {
                state.found.push(circle);
            }
        }
    }
    let n = out.len();
    let mut state = State {
        out,
        index: vec![None; n],
        low: vec![0; n],
        stack: Vec::new(),
        on: vec![false; n],
        next: 0,
        found: Vec::new(),
    };
    for node in 0..n {
        if state.index[node].is_none() {
            visit(&mut state, node);
        }
    }
    state.found
}

/// Collects what a file takes, without what only its tests take.
struct Reader<'a> {
    module: &'a [String],
    known: &'a BTreeSet<Vec<String>>,
    takes: BTreeSet<Vec<String>>,
    gives: BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    /// The absolute path, if it begins in this crate.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut base = self.module.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                let mut module = base.clone();
                module.push(child.to_owned());
                if !self.known.contains(&module) {
                    return None;
                }
            }
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    fn tree(&mut self, prefix: &mut Vec<String>, tree: &syn::UseTree, public: bool) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.tree(prefix, &path.tree, public);
                prefix.pop();
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(prefix, tree, public);
                }
            }
            syn::UseTree::Name(name) => self.leaf(prefix, &name.ident.to_string(), &name.ident.to_string(), public),
            syn::UseTree::Rename(name) => {
                self.leaf(prefix, &name.ident.to_string(), &name.rename.to_string(), public);
            }
            syn::UseTree::Glob(_) => self.leaf(prefix, "*", "*", public),
        }
    }

    fn leaf(&mut self, prefix: &[String], name: &str, known_as: &str, public: bool) {
        let mut path = prefix.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        let Some(path) = self.absolute(&path) else { return };
        if public {
            self.gives.insert(known_as.to_owned(), path);
        } else {
            self.takes.insert(path);
        }
    }
}

fn only_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string().contains("test"))
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !only_for_tests(&item.attrs) {
            let public = !matches!(item.vis, syn::Visibility::Inherited);
            self.tree(&mut Vec::new(), &item.tree, public);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !only_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !only_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !only_for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if parts.len() > 1 && ["crate", "super"].contains(&parts[0].as_str()) {
            self.takes.extend(self.absolute(&parts));
        }
        visit::visit_path(self, path);
    }
}
