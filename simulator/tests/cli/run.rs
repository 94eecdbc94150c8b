//! Runs the program in the root of the repository and on files of a test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Both streams and the exit code, for a snapshot.
    pub(crate) fn story(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.page(), self.stderr)
    }

    /// Standard output without what every version and every field of the model changes.
    pub(crate) fn page(&self) -> String {
        let version = concat!("plimsoll ", env!("CARGO_PKG_VERSION"));
        let page = self.stdout.replace(version, "plimsoll VERSION");
        match page.split_once("inputs sha256 ") {
            Some((before, hash)) => {
                let after = hash.trim_start_matches(|letter: char| letter.is_ascii_hexdigit());
                format!("{before}inputs sha256 HASH{after}")
            }
            None => page,
        }
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}\n{}", self.stdout, self.stderr);
        })
    }
}

/// Runs `plimsoll` with these arguments.
pub(crate) fn plimsoll<S: AsRef<str>>(arguments: &[S]) -> Run {
    run(arguments, Stdio::null())
}

/// Runs `plimsoll` with a line of plain words, and with this text on standard input.
pub(crate) fn piped(words: &str, input: &str) -> Run {
    let stdin = fs::File::open(file("piped", "stdin", input)).unwrap();
    run(&words.split_whitespace().collect::<Vec<_>>(), stdin.into())
}

fn run<S: AsRef<str>>(arguments: &[S], stdin: Stdio) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(arguments.iter().map(AsRef::as_ref))
        .current_dir(root())
        .env_remove("CLICOLOR_FORCE")
        .stdin(stdin)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Runs `plimsoll` with a line of plain words.
pub(crate) fn line(words: &str) -> Run {
    plimsoll(&words.split_whitespace().collect::<Vec<_>>())
}

/// Runs `plimsoll plan` on this text. Snapshots show the file by its bare name.
pub(crate) fn plan(test: &str, yaml: &str, options: &str) -> Run {
    let file = file(test, "cluster.yaml", yaml);
    let folder = format!("{}/", file.parent().unwrap().display());
    let mut run = line(&format!("plan {} {options}", file.display()));
    run.stderr = run.stderr.replace(&folder, "");
    run
}

/// Writes a file that belongs to one test.
pub(crate) fn file(test: &str, name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A `NodePool` that allows every type, with its class.
pub(crate) const ANY_POOL: &str = "
apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: {name: default}
spec:
  role: node
  amiSelectorTerms: [{alias: al2023@latest}]
  subnetSelectorTerms: [{tags: {a: b}}]
  securityGroupSelectorTerms: [{tags: {a: b}}]
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: any}
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
      requirements:
      - {key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}
";

/// A pending pod.
pub(crate) fn pod(name: &str, cpu: &str, memory: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{namespace: shop, name: {name}}}
spec:
  containers:
  - name: main
    image: main
    resources: {{requests: {{cpu: {cpu}, memory: {memory}}}}}
"
    )
}
