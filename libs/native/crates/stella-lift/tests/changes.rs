//! One change in the source is one changed unit; a moved function is none.

mod common;
use common::{changed, changed_forms, compile, lift};

const BASE: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define KEEP __attribute__((noinline, noclone, noipa))
static const int table[6] = {11, 22, 33, 44, 55, 66};
int counter = 7;
int other = 8;
KEEP int g(int x) { return x * 3 + 1; }
KEEP int h(int x) { return x * 5 + 2; }
KEEP int pick(int x) { return g(x) + table[x % 6]; }
KEEP int branch(int x) { if (x > 10) return g(x); return h(x + 1); }
KEEP int text(const char *s) { return strcmp(s, "hello world of units"); }
KEEP void count(void) { counter += 2; other += counter; }
KEEP int many(int x) {
  switch (x) { case 0: return g(1); case 1: return h(2); case 2: return 77; case 3: return g(5) + 3;
    case 4: return h(9) * 2; case 5: return 13; case 6: return g(h(x)); case 7: return 99; default: return -1; } }
int main(int argc, char **argv) {
  count();
  printf("%d %d %d %d\n", pick(argc), branch(argc), text(argv[0]), many(argc));
  return abs(counter) > 100;
}
"#;

fn edit(from: &str, to: &str) -> String {
    assert_eq!(BASE.matches(from).count(), 1, "the edit must hit exactly once: {from}");
    BASE.replace(from, to)
}

const MODES: &[&[&str]] = &[&[], &["-no-pie"], &["-static"], &["-fno-plt", "-fcf-protection=none"]];

#[test]
fn a_lift_of_the_same_bytes_is_the_same() {
    let bytes = compile(BASE, &[], false);
    let (a, b) = (lift(&bytes), lift(&bytes));
    assert_eq!(a.leaves, b.leaves);
    assert!(a.leaves.contains_key("fn:main") && a.leaves.contains_key("data:counter"));
    let (bytes, value) = &a.leaves["fn:pick"];
    assert_eq!(*bytes, serde_json::to_vec(value).unwrap(), "leaves are canonical JSON");
    assert!(value["refs"].as_array().unwrap().iter().any(|r| r == "fn:g"), "{value}");
}

#[test]
fn moved_functions_are_equal() {
    for flags in MODES {
        let moved = edit("KEEP int h(int x)", "KEEP int added(int x) { return x ^ 0x1234567; }\nKEEP int h(int x)");
        let (a, b) = (lift(&compile(BASE, flags, false)), lift(&compile(&moved, flags, false)));
        assert_eq!(changed(&a, &b, "function"), ["+fn:added"], "{flags:?}");
        assert!(changed(&a, &b, "data").is_empty(), "{flags:?}: {:?}", changed(&a, &b, "data"));
    }
}

#[test]
fn each_change_is_exactly_one_function() {
    let edits = [
        ("x * 3 + 1", "x * 3 + 4", "~fn:g"),
        ("if (x > 10) return g", "if (x > 11) return g", "~fn:branch"),
        ("if (x > 10) return g", "if (x < 10) return g", "~fn:branch"),
        ("return g(x) + table", "return h(x) + table", "~fn:pick"),
        ("case 2: return 77", "case 2: return 78", "~fn:many"),
        ("counter += 2; other", "other += 2; other", "~fn:count"),
        ("return abs(counter) > 100", "return abs(counter) > 102", "~fn:main"),
    ];
    for flags in [MODES[0], MODES[1]] {
        let a = lift(&compile(BASE, flags, false));
        for (from, to, unit) in edits {
            let b = lift(&compile(&edit(from, to), flags, false));
            assert_eq!(changed(&a, &b, "function"), [unit], "{flags:?} {from} → {to}");
        }
    }
}

#[test]
fn swapped_jump_table_targets_are_seen() {
    let swapped = edit("case 5: return 13; case 6: return g(h(x)); case 7: return 99;", "case 7: return 13; case 6: return g(h(x)); case 5: return 99;");
    let (a, b) = (lift(&compile(BASE, &[], false)), lift(&compile(&swapped, &[], false)));
    assert_eq!(changed(&a, &b, "function"), ["~fn:many"]);
    assert!(changed(&a, &b, "data").is_empty(), "the table belongs to its function");
}

#[test]
fn changed_data_is_seen_where_it_lies() {
    let a = lift(&compile(BASE, &[], false));
    let b = lift(&compile(&edit("44, 55", "45, 55"), &[], false));
    assert_eq!(changed(&a, &b, "data"), ["~data:table"]);
    assert!(changed(&a, &b, "function").is_empty());
    let b = lift(&compile(&edit("int counter = 7", "int counter = 9"), &[], false));
    assert_eq!(changed(&a, &b, "data"), ["~data:counter"]);
    let b = lift(&compile(&edit("hello world of units", "hello world of unitz"), &[], false));
    assert_eq!(changed(&a, &b, "function"), ["~fn:text"], "a string without a name is named by its content");
    assert_eq!(changed(&a, &b, "data").len(), 2);
}

#[test]
fn a_changed_import_is_seen() {
    let (a, b) = (lift(&compile(BASE, &[], false)), lift(&compile(&edit("strcmp(s, ", "strcasecmp(s, "), &["-D_GNU_SOURCE", "-include", "strings.h"], false)));
    assert_eq!(changed(&a, &b, "function"), ["~fn:text"]);
    assert!(changed(&a, &b, "metadata").iter().any(|l| l.contains(".dynsym")), "{:?}", changed(&a, &b, "metadata"));
}

#[test]
fn stripped_files_show_the_same_changes_by_form() {
    let moved = edit("KEEP int h(int x)", "KEEP int added(int x) { return x ^ 0x1234567; }\nKEEP int h(int x)");
    for flags in [MODES[0], MODES[1]] {
        let a = lift(&compile(BASE, flags, true));
        assert!(!a.leaves.keys().any(|id| id == "fn:g"), "no names");
        assert_eq!(changed_forms(&a, &lift(&compile(&moved, flags, true))), 0, "{flags:?}: moved");
        for (from, to) in [("x * 3 + 1", "x * 3 + 4"), ("if (x > 10)", "if (x > 11)"), ("44, 55", "45, 55"), ("case 2: return 77", "case 2: return 78")] {
            let b = lift(&compile(&edit(from, to), flags, true));
            assert_eq!(changed_forms(&a, &b), 1, "{flags:?} {from} → {to}");
        }
        // A call that goes from f to g keeps its form: the identity with callees tells, or the bijection.
        let b = lift(&compile(&edit("return g(x) + table", "return h(x) + table"), flags, true));
        assert!(!changed(&a, &b, "function").is_empty(), "{flags:?}");
    }
}

#[test]
fn fixtures_of_real_releases() {
    let Some(folder) = std::env::var_os("STELLA_FIXTURES").map(std::path::PathBuf::from) else { return };
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (a, b) = (lift(&read("esbuild-0.18.11")), lift(&read("esbuild-0.18.12")));
    let functions = changed(&a, &b, "function");
    assert!(functions.iter().any(|f| f.ends_with("js_parser.(*parser).parseTypeScriptEnumStmt")), "{functions:#?}");
    assert!(functions.len() <= 12, "{functions:#?}");
    assert!(changed(&a, &b, "residual").is_empty());
    assert_eq!(a.leaves["go:lastmoduledatap"].1["refs"], serde_json::json!(["go:moduledata"]));
}

#[test]
fn what_go_1_20_runs_first_is_read_from_its_records() {
    let Some(folder) = std::env::var_os("STELLA_FIXTURES").map(std::path::PathBuf::from) else { return };
    let lifted = lift(&std::fs::read(folder.join("esbuild-0.17.12")).unwrap());
    let leaf = |id: &str| &lifted.leaves.get(id).unwrap_or_else(|| panic!("no leaf {id}")).1;
    let records = lifted.leaves.keys().filter(|id| id.starts_with("go:inittask:")).count();
    assert!(records > 80, "{records}");
    for (id, (_, value)) in &lifted.leaves {
        assert!(!id.starts_with("go:") || value["residual"] == 0, "{id} holds what was not understood");
    }
    let has = |id: &str, other: &str| leaf(id)["refs"].as_array().unwrap().iter().any(|r| r == other);
    assert!(has("go:inittask:io/fs", "fn:io/fs.init"));
    assert!(has("go:inittask:io/fs", "go:inittask:errors"), "through others, too");
    assert!(has("go:inittask:main", "go:inittask:github.com/evanw/esbuild/internal/js_lexer"));
    assert!(!has("go:inittask:errors", "go:inittask:io/fs"));
    assert!(has("go:typelink", "type:*[256]*hpack.node/62720657") && has("fn:runtime.main", "go:inittask:main"));
}

#[test]
fn what_variables_hold_at_first_is_not_part_of_the_code() {
    let folder = |source: &str| lift(&compile(source, &["-no-pie"], true));
    let source = "static int first = 7, second = 9; volatile int sink;\n__attribute__((noinline)) void set(int v) { first = v; second += v; }\nint main(int c, char **v) { set(c); sink = first + second; return 0; }";
    let codes = |lifted: &common::Lifted| -> std::collections::BTreeSet<String> {
        lifted.sides.values().filter_map(|s| Some(s["code"].as_str()?.to_string())).collect()
    };
    let (a, other_value, other_place) = (folder(source), folder(&source.replace("= 9", "= 11")), folder(&source.replace("second += v", "first += v")));
    let mains = |l: &common::Lifted| l.leaves.values().filter(|(_, v)| v["kind"] == "function").count();
    assert_eq!(mains(&a), mains(&other_value));
    assert!(!changed(&a, &other_value, "function").is_empty(), "the normal form holds the value");
    assert_eq!(codes(&a), codes(&other_value), "the code form does not");
    assert_ne!(codes(&a), codes(&other_place));
}
